-- The language server, for `vim.lsp.enable("mlops")` of Neovim 0.11 and newer.
return {
  cmd = { "mlopsc", "lsp" },
  filetypes = { "mlops" },
  root_markers = { "mlops.lock", "pyproject.toml", ".git" },
}
