"""Mappings of what the compiler knows to text, JSON, SARIF, annotations, drawings and pages; nothing here does I/O."""
