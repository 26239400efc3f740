"""From text to a syntax tree with places, past as many mistakes as there are, and back to text, formatted."""
