"""The grammar of `.mlops` files; `mlops.lark` is the only one."""
