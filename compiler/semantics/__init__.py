"""What a spec means: its names bound, its values typed and its environments merged, or diagnostics that say why not."""
