-- Starts the server as lsp/mlops.lua says, waits for a message, makes the first fix, formats, and writes what it saw.
-- vim.g.package is the folder of the editor package, vim.g.program the server, vim.g.answered a file of JSON.
local how = dofile(vim.g.package .. "/lsp/mlops.lua")
how.cmd[1] = vim.g.program
local client = assert(vim.lsp.start_client({ name = "mlops", cmd = how.cmd, root_dir = vim.fn.getcwd() }))
vim.lsp.buf_attach_client(0, client)
local function shown()
  return vim.tbl_map(function(one) return one.message end, vim.diagnostic.get(0))
end
vim.wait(20000, function() return #shown() > 0 end, 50)
local before = shown()
local place = vim.diagnostic.get(0)[1]
local range = {
  start = { line = place.lnum, character = place.col },
  ["end"] = { line = place.end_lnum, character = place.end_col },
}
local asked = {
  textDocument = vim.lsp.util.make_text_document_params(),
  range = range,
  context = { diagnostics = { vim.tbl_extend("force", place.user_data.lsp, { range = range, message = place.message }) } },
}
local answers = vim.lsp.buf_request_sync(0, "textDocument/codeAction", asked, 10000)
local action
for _, one in ipairs(answers[client].result) do
  action = action or (one.edit and one)
end
vim.lsp.util.apply_workspace_edit(action.edit, "utf-16")
vim.wait(20000, function() return #shown() == 0 end, 50)
local after = shown()
local wanted = { textDocument = asked.textDocument, options = { tabSize = 2, insertSpaces = true } }
local edits = vim.lsp.buf_request_sync(0, "textDocument/formatting", wanted, 10000)
vim.lsp.util.apply_text_edits(edits[client].result or {}, 0, "utf-16")
local seen = { before = before, fix = action.title, after = after, text = vim.api.nvim_buf_get_lines(0, 0, -1, false) }
vim.fn.writefile({ vim.fn.json_encode(seen) }, vim.g.answered)
vim.cmd("qall!")
