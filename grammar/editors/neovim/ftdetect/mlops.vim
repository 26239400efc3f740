autocmd BufRead,BufNewFile *.mlops setfiletype mlops
