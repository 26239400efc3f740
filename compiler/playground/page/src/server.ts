import type { LSPClient, Transport } from "@codemirror/lsp-client";

/** A place in a file of the spec; lines count from 1. */
export type Place = { uri: string; line: number };
export type File = { uri: string; path: string };
export type Line = { word: string; text: string };
export type Stage = {
  name: string;
  kind: string;
  level: number;
  summary: string;
  runs: boolean;
  reads: string[];
  settings: Line[];
  changed: string[];
  columns: number;
  rules: { verb: string; text: string; at: Place }[];
  waived: Line[];
  at: Place;
};
export type Environment = { name: string; at: Place; settings: Line[]; svg: string; stages: Stage[] };
export type Standing = {
  code: string;
  title: string;
  text: string;
  state: "earned" | "missing" | "aside";
  reason: string;
  lines: { file: string; line: number }[];
  missing: { message: string; hint: string; file: string; line: number }[];
};
export type Score = {
  earned: number;
  total: number;
  principles: { principle: number; text: string; earned: number; total: number; rules: Standing[] }[];
};
export type View = {
  errors: number;
  files: File[];
  pipeline: string;
  environments?: Environment[];
  score?: Score;
};
export type Output = {
  path: string;
  target: string;
  environment: string;
  committed: boolean;
  lines: number;
  digest: string;
};
export type Listing = {
  files: Output[];
  refused: { target: string; message: string; hint: string }[];
  broken: boolean;
};
export type Forecast = { note: string; stages: Record<string, { state: string; why: string[] }> };
export type Opened = { main: string; title: string; place: string; scratch: boolean; files: File[] };
export type Page = { code: string; title: string; text: string };

/** What the server says it cannot do, and what to do about it. */
export class Refused extends Error {
  constructor(message: string, readonly hint: string) {
    super(message);
  }
}

/** Ask for something beyond the Language Server Protocol; throws Refused. */
export async function ask<T>(client: LSPClient, name: string, params: object = {}): Promise<T> {
  const told = await client.request<object, T & { cannot?: string; hint?: string }>(`playground/${name}`, params);
  if (told.cannot !== undefined) throw new Refused(told.cannot, told.hint ?? "");
  return told;
}

/** The connection to the server: it comes back by itself when it was lost. */
export class Connection implements Transport {
  private socket: WebSocket | null = null;
  private listeners: ((value: string) => void)[] = [];

  constructor(private readonly told: (isThere: boolean) => void) {}

  open(): void {
    const address = new URL("lsp", location.href);
    address.protocol = "ws:";
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.socket = socket;
      this.told(true);
    };
    socket.onmessage = ({ data }) => {
      const text = typeof data === "string" ? data : new TextDecoder().decode(data as ArrayBuffer);
      for (const listener of this.listeners) listener(text);
    };
    socket.onclose = () => {
      const wasThere = this.socket === socket;
      this.socket = null;
      if (wasThere) this.told(false);
      window.setTimeout(() => this.open(), 1000);
    };
  }

  send(message: string): void {
    if (this.socket === null) throw new Error("there is no connection");
    this.socket.send(message);
  }

  subscribe(listener: (value: string) => void): void {
    this.listeners.push(listener);
  }

  unsubscribe(listener: (value: string) => void): void {
    this.listeners = this.listeners.filter((one) => one !== listener);
  }
}
