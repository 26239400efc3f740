" Colours of a spec, for Vim and Neovim. What a word is hangs on where it stands, so nothing here is a keyword
" of the whole file.
if exists("b:current_syntax")
  finish
endif
let s:save_cpo = &cpo
set cpo&vim

" words, made by `make docs`
let s:kinds = ["data", "environment", "metric", "monitor", "override", "pipeline", "release", "schema", "score",
  \ "test", "train"]
let s:verbs = ["check", "guard", "maximize", "minimize", "on", "require", "use", "waive", "watch"]
let s:clauses = ["against", "alarms", "as", "assuming", "at", "because", "by", "do", "every", "lag", "missing",
  \ "otherwise", "over", "role", "within"]
let s:settings = ["abstract", "access", "approvers", "as_of", "assign", "better", "budget", "calibrate", "compute",
  \ "data", "decide", "description", "estimator", "every", "executor", "extends", "features", "folds",
  \ "follows", "from", "function", "gate", "github", "infrastructure", "init", "into", "key",
  \ "language", "log", "max_looks", "measured_in", "model", "network", "otherwise", "outcome", "owner",
  \ "platform", "refit", "refresh", "release", "requires", "retries", "reveal", "routes", "sample",
  \ "search", "serve", "source", "split", "store", "strategy", "target", "time", "timeout", "track",
  \ "tracking", "traffic", "transform", "unit", "window", "zone"]
let s:types = ["bool", "category", "date", "float", "int", "text", "timestamp", "vector"]
let s:roles = ["calendar", "group", "id", "ignore", "label_time", "leak", "pii", "weight"]
let s:functions = ["ab", "accuracy", "age", "alibi.chi2", "alibi.classifier", "alibi.cvm", "alibi.cvm_online",
  \ "alibi.fet", "alibi.fet_online", "alibi.ks", "alibi.tabular", "average_precision", "aws", "azure",
  \ "balanced_accuracy", "bias", "block", "blue_green", "brier", "by_group", "by_time", "canary",
  \ "cost", "csv", "dask", "direct", "distinct", "each_run", "error_rate", "every", "existing", "f1",
  \ "github", "grid", "group", "halving", "job", "last", "latency", "local", "log", "log_loss", "mae",
  \ "mape", "matches", "mcc", "mean", "median_ae", "missing", "mse", "naive", "notify", "parquet",
  \ "pinball", "pinned", "poisson_deviance", "precision", "processes", "pytest", "python", "quantile",
  \ "r2", "random", "read", "recall", "retrain", "rmse", "roc_auc", "rollback", "rolling", "router",
  \ "row", "rows", "run", "runner", "sagemaker", "script", "season", "secret", "service", "shadow",
  \ "sklearn", "sql", "stable", "stddev", "step", "stratified", "threshold", "trailing", "training",
  \ "unique", "uptime"]
let s:events = ["drift", "freshness", "labels_late", "latency", "no_model", "nothing_new", "quality", "uptime"]
let s:symbols = ["all", "bonferroni", "champion", "enterprise", "fdr", "features", "feedback", "free", "higher",
  \ "independent", "influenced", "isotonic", "keep", "lower", "macro", "micro", "never", "number",
  \ "predictions", "promote", "ratio", "sigmoid", "target", "team", "validation", "weighted"]
let s:units = ["%", "AUD", "B", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GB", "GBP", "HUF", "INR", "JPY",
  \ "KB", "KRW", "MB", "MXN", "NOK", "NZD", "PLN", "SEK", "SGD", "TB", "USD", "ZAR", "d", "h", "min",
  \ "mo", "ms", "pp", "s", "w", "y"]
let s:operators = ["and", "in", "not", "or"]
let s:literals = ["false", "none", "true"]
" end of words

function! s:any(words) abort
  " the longest first, as alternatives are tried in order
  let sorted = sort(copy(a:words), {a, b -> len(b) - len(a)})
  return '\%(' . join(map(sorted, 'escape(v:val, ".")'), '\|') . '\)'
endfunction

syntax iskeyword @,48-57,_,192-255
syntax sync fromstart

" what stands on the left of a line or after a brace
execute 'syntax match mlopsKind /\<' . s:any(s:kinds) . '\>\ze\%(\s\+[^=:{]*\)\?\s*{/ nextgroup=mlopsBlockName skipwhite'
syntax match mlopsBlockName /[^[:space:]={}:]\+\ze\s*{/ contained
syntax match mlopsConstant /\%(`[^`]\+`\|\<\k\+\>\)\ze\s*==\@!/
execute 'syntax match mlopsSetting /\%(^\s*\|{\s*\)\@<=\<' . s:any(s:settings) . '\>\ze\s*==\@!/'

" columns of a schema
execute 'syntax match mlopsColumn /\%(`[^`]\+`\|\<\k\+\>\)\ze\s*:/ nextgroup=mlopsColon skipwhite'
syntax match mlopsColon /:/ contained nextgroup=mlopsType skipwhite
execute 'syntax match mlopsType /\<' . s:any(s:types) . '\>/ contained'

" rules: a verb first, then clauses, which stand neither after an operator nor in brackets
execute 'syntax match mlopsVerb /\%(^\s*\|{\s*\)\@<=\<' . s:any(s:verbs) . '\>\ze\s\+[^[:space:]=:{(]/ nextgroup=mlopsSubject skipwhite'
execute 'syntax match mlopsSubject /\%(`[^`]\+`\|\<\k\+\>\)\%(\.\k\+\)*\ze\%(\s\|$\)/ contained contains=mlopsFunction,mlopsEvent,mlopsQuoted,mlopsLogic,mlopsLiteral'
execute 'syntax match mlopsClause /\%([=<>+*\/-]\s*\)\@<!\<' . s:any(s:clauses) . '\>\ze\%(\s*[<>=!]=\|\s\+[[:alnum:]"`(\[_.-]\|\s*[,}#]\|\s*$\)\%(\s*=\s\)\@!/'
execute 'syntax match mlopsRole /\%(\<role\s\+\)\@<=' . s:any(s:roles) . '\>/'
execute 'syntax match mlopsEvent /\<' . s:any(s:events) . '\>/ contained'
execute 'syntax match mlopsFunction /\<' . s:any(s:functions) . '\>/ contained'

" brackets, in which clauses are names like any other
syntax region mlopsArguments matchgroup=mlopsBracket start=/(/ end=/)\|\ze[{}]/ transparent contains=@mlopsValue
syntax region mlopsList matchgroup=mlopsBracket start=/\[/ end=/\]\|\ze[{}]/ transparent contains=@mlopsValue
syntax match mlopsParameter /\<\k\+\>\ze\s*==\@!/ contained
execute 'syntax match mlopsCall /\<' . s:any(s:functions) . '\>\ze\s*(/'

" values
execute 'syntax match mlopsSymbol /\%([=<>+*\/(,-]\s*\)\@<=\<' . s:any(s:symbols) . '\>\%(\s*[=(.]\)\@!/'
execute 'syntax match mlopsLiteral /\<' . s:any(s:literals) . '\>/'
execute 'syntax match mlopsLogic /\<' . s:any(s:operators) . '\>\%(\s*[=:]\)\@!/'
syntax match mlopsOperator /[<>=!]=\|[<>=+*\/-]\|\.\./
execute 'syntax match mlopsNumber /\<\d\+\%(_\d\+\)*\%(\.\d\+\)\?\%([eE][+-]\?\d\+\)\?\%(%\|' . s:any(filter(copy(s:units), 'v:val !=# "%"')) . '\>\)\?/'
syntax match mlopsDate /\<\d\{4}-\d\d-\d\d\%(T\d\d:\d\d\%(:\d\d\)\?\%(Z\|[+-]\d\d:\d\d\)\?\)\?\>/
syntax match mlopsDate /\<\d\d:\d\d\%(:\d\d\)\?\>/
syntax match mlopsQuoted /`[^`]\+`\%(\s*[:=]=\@!\)\@!/
syntax match mlopsEscape /\\\%(u\x\{4}\|[ntr"\\$]\)/ contained
syntax match mlopsInterpolation /\${\s*\k\+\%(\.\k\+\)*\s*}/ contained
syntax region mlopsString start=/"/ end=/"\|$/ skip=/\\./ oneline contains=mlopsEscape,mlopsInterpolation
syntax region mlopsString start=/"""/ end=/"""/ contains=mlopsInterpolation
syntax region mlopsString start=/'/ end=/'\|$/ oneline
syntax match mlopsComment /#.*$/ contains=mlopsAllow,@Spell
syntax match mlopsAllow /#\s*mlopsc:\s*allow\>/ contained

syntax cluster mlopsValue contains=mlopsArguments,mlopsList,mlopsParameter,mlopsCall,mlopsSymbol,mlopsLiteral,mlopsLogic,mlopsOperator,mlopsNumber,mlopsDate,mlopsQuoted,mlopsString,mlopsComment

highlight default link mlopsKind Structure
highlight default link mlopsBlockName Title
highlight default link mlopsSetting Identifier
highlight default link mlopsConstant Constant
highlight default link mlopsColumn Identifier
highlight default link mlopsColon Delimiter
highlight default link mlopsType Type
highlight default link mlopsRole StorageClass
highlight default link mlopsVerb Statement
highlight default link mlopsClause Keyword
highlight default link mlopsEvent Special
highlight default link mlopsFunction Function
highlight default link mlopsCall Function
highlight default link mlopsBracket Delimiter
highlight default link mlopsParameter Identifier
highlight default link mlopsSymbol Constant
highlight default link mlopsLiteral Boolean
highlight default link mlopsLogic Operator
highlight default link mlopsOperator Operator
highlight default link mlopsNumber Number
highlight default link mlopsDate Number
highlight default link mlopsQuoted Identifier
highlight default link mlopsEscape SpecialChar
highlight default link mlopsInterpolation Special
highlight default link mlopsString String
highlight default link mlopsComment Comment
highlight default link mlopsAllow SpecialComment

let b:current_syntax = "mlops"
let &cpo = s:save_cpo
unlet s:save_cpo
