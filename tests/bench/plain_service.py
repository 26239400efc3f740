"""The same model behind plain FastAPI, as one would write it by hand: `python plain_service.py ARTEFACT PORT`."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import pandas as pd
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from mlopsc.stdlib.runtime.model.artefact import load_model


class Row(BaseModel):
    """A row of the bike example."""

    at: datetime
    hr: int
    workingday: bool
    weathersit: str | None
    temp: float
    hum: float


app = FastAPI()
model = load_model(Path(sys.argv[1]))


@app.post("/predict")
def predict(row: Row) -> dict[str, float]:
    """The prediction for one row."""
    return {"prediction": float(model.predict(pd.DataFrame([row.model_dump()]))[0])}


@app.get("/ping")
def ping() -> str:
    """That it is there."""
    return "ok"


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[2]), access_log=False)
