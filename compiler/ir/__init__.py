"""The pipeline that targets and runners read, one for each environment, and its published schema."""
