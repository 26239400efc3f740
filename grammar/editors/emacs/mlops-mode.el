;;; mlops-mode.el --- Specs of mlopsc -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "27.1"))
;; Keywords: languages
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; A major mode for `.mlops' files: colours, comments, indentation, the list of blocks (imenu), and the language
;; server `mlopsc lsp' by eglot (`M-x eglot'; eglot is part of Emacs 29 and newer).

;;; Code:

(require 'imenu)

;; words, made by `make docs`
(defconst mlops--kinds
  '("data" "environment" "metric" "monitor" "override" "pipeline" "release" "schema" "score" "test"
    "train")
  "Words of the language: kinds.")

(defconst mlops--verbs
  '("check" "guard" "maximize" "minimize" "on" "require" "use" "waive" "watch")
  "Words of the language: verbs.")

(defconst mlops--clauses
  '("against" "alarms" "as" "assuming" "at" "because" "by" "do" "every" "lag" "missing" "otherwise"
    "over" "role" "within")
  "Words of the language: clauses.")

(defconst mlops--settings
  '("abstract" "access" "approvers" "as_of" "assign" "better" "budget" "calibrate" "compute" "data"
    "decide" "description" "estimator" "every" "executor" "extends" "features" "folds" "follows" "from"
    "function" "gate" "github" "infrastructure" "init" "into" "key" "language" "log" "max_looks"
    "measured_in" "model" "network" "otherwise" "outcome" "owner" "platform" "refit" "refresh" "release"
    "requires" "retries" "reveal" "routes" "sample" "search" "serve" "source" "split" "store" "strategy"
    "target" "time" "timeout" "track" "tracking" "traffic" "transform" "unit" "window" "zone")
  "Words of the language: settings.")

(defconst mlops--types
  '("bool" "category" "date" "float" "int" "text" "timestamp" "vector")
  "Words of the language: types.")

(defconst mlops--roles
  '("calendar" "group" "id" "ignore" "label_time" "leak" "pii" "weight")
  "Words of the language: roles.")

(defconst mlops--functions
  '("ab" "accuracy" "age" "alibi.chi2" "alibi.classifier" "alibi.cvm" "alibi.cvm_online" "alibi.fet"
    "alibi.fet_online" "alibi.ks" "alibi.tabular" "average_precision" "aws" "azure" "balanced_accuracy"
    "bias" "block" "blue_green" "brier" "by_group" "by_time" "canary" "cost" "csv" "dask" "direct"
    "distinct" "each_run" "error_rate" "every" "existing" "f1" "github" "grid" "group" "halving" "job"
    "last" "latency" "local" "log" "log_loss" "mae" "mape" "matches" "mcc" "mean" "median_ae" "missing"
    "mse" "naive" "notify" "parquet" "pinball" "pinned" "poisson_deviance" "precision" "processes"
    "pytest" "python" "quantile" "r2" "random" "read" "recall" "retrain" "rmse" "roc_auc" "rollback"
    "rolling" "router" "row" "rows" "run" "runner" "sagemaker" "script" "season" "secret" "service"
    "shadow" "sklearn" "sql" "stable" "stddev" "step" "stratified" "threshold" "trailing" "training"
    "unique" "uptime")
  "Words of the language: functions.")

(defconst mlops--events
  '("drift" "freshness" "labels_late" "latency" "no_model" "nothing_new" "quality" "uptime")
  "Words of the language: events.")

(defconst mlops--symbols
  '("all" "bonferroni" "champion" "enterprise" "fdr" "features" "feedback" "free" "higher" "independent"
    "influenced" "isotonic" "keep" "lower" "macro" "micro" "never" "number" "predictions" "promote"
    "ratio" "sigmoid" "target" "team" "validation" "weighted")
  "Words of the language: symbols.")

(defconst mlops--units
  '("%" "AUD" "B" "BRL" "CAD" "CHF" "CNY" "CZK" "DKK" "EUR" "GB" "GBP" "HUF" "INR" "JPY" "KB" "KRW" "MB"
    "MXN" "NOK" "NZD" "PLN" "SEK" "SGD" "TB" "USD" "ZAR" "d" "h" "min" "mo" "ms" "pp" "s" "w" "y")
  "Words of the language: units.")

(defconst mlops--operators
  '("and" "in" "not" "or")
  "Words of the language: operators.")

(defconst mlops--literals
  '("false" "none" "true")
  "Words of the language: literals.")
;; end of words

(defconst mlops--name "\\(?:`[^`\n]+`\\|[[:alpha:]_][[:alnum:]_]*\\)"
  "A name, with backticks or without.")

(defun mlops--any (words)
  "A pattern for each of WORDS as a whole."
  (concat "\\_<\\(" (mapconcat #'regexp-quote (sort (copy-sequence words) (lambda (a b) (> (length a) (length b)))) "\\|")
          "\\)\\_>"))

(defun mlops--outside-brackets-p ()
  "Whether point stands in no round or square bracket."
  (let ((open (nth 1 (save-excursion (syntax-ppss)))))
    (or (null open) (eq (char-after open) ?{))))

(defun mlops--match-clause (limit)
  "Find the next clause before LIMIT.
It stands after the subject of a rule, not in brackets or after an operator."
  (let ((pattern (concat "\\(?:[^-<>=+*/.[:space:]]\\|\\.\\.\\)[[:blank:]]+" (mlops--any mlops--clauses)
                         "\\(?:[[:blank:]]*[<>]=\\|[[:blank:]]+[[:alnum:]\"`([_.-]\\|[[:blank:]]*[,}#]\\|[[:blank:]]*$\\)"))
        (found nil))
    (while (and (not found) (re-search-forward pattern limit t))
      (goto-char (match-end 1))
      (setq found (save-match-data
                    (and (save-excursion (goto-char (match-beginning 1)) (mlops--outside-brackets-p))
                         (save-excursion
                           (beginning-of-line)
                           (not (looking-at-p (concat "[[:blank:]]*" mlops--name "[[:blank:]]*=[^=]"))))))))
    found))

(defvar mlops-font-lock-keywords
  `((,(concat "\\(?:^\\|[{}]\\)[[:blank:]]*" (mlops--any mlops--kinds) "\\(?:[[:blank:]]+\\(" mlops--name "\\)\\)?[[:blank:]]*{")
     (1 font-lock-keyword-face) (2 font-lock-function-name-face nil t))
    (,(concat "\\(?:^\\|[{}]\\)[[:blank:]]*" (mlops--any mlops--verbs) "[[:blank:]]+[^=:{([:blank:]]")
     (1 font-lock-builtin-face))
    (,(concat "\\(?:^\\|[{}]\\)[[:blank:]]*\\(" mlops--name "\\)[[:blank:]]*:[[:blank:]]*" (mlops--any mlops--types))
     (1 font-lock-variable-name-face) (2 font-lock-type-face))
    (,(concat "\\_<role[[:blank:]]+" (mlops--any mlops--roles)) (1 font-lock-constant-face))
    (mlops--match-clause (1 font-lock-keyword-face))
    (,(concat "\\(?:^\\|[{}]\\)[[:blank:]]*" (mlops--any mlops--settings) "[[:blank:]]*=\\(?:[^=]\\|$\\)")
     (1 font-lock-variable-name-face))
    (,(concat (mlops--any mlops--functions) "[[:blank:]]*(") (1 font-lock-function-name-face))
    (,(concat "[=<>+*/(,-][[:blank:]]*" (mlops--any mlops--symbols)) (1 font-lock-constant-face))
    (,(mlops--any mlops--literals) . font-lock-constant-face)
    (,(mlops--any mlops--operators) . font-lock-keyword-face)
    ("#[[:blank:]]*\\(mlopsc:[[:blank:]]*allow\\)\\_>" (1 font-lock-preprocessor-face t))
    ("\\${[^{}\"\n]*}" (0 font-lock-variable-name-face t)))
  "What is coloured in a spec.")

(defvar mlops-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?' "\"" table)
    (modify-syntax-entry ?` "." table)
    (modify-syntax-entry ?_ "_" table)
    (modify-syntax-entry ?\\ "\\" table)
    (dolist (operator '(?+ ?- ?* ?/ ?< ?> ?= ?% ?.))
      (modify-syntax-entry operator "." table))
    table)
  "What a character is in a spec.")

(defun mlops--mark-block ()
  "Make the three quotes that were just found begin or end a text over lines."
  (let* ((begin (match-beginning 0))
         (state (save-excursion (syntax-ppss begin)))
         (fence (cond ((nth 4 state) nil)
                      ((eq (nth 3 state) t) (+ begin 2))
                      ((null (nth 3 state)) begin))))
    (when fence
      (put-text-property fence (1+ fence) 'syntax-table (string-to-syntax "|")))))

(defconst mlops--triple-quotes
  (syntax-propertize-rules ("\"\"\"" (0 (ignore (mlops--mark-block)))))
  "Three double quotes begin and end a text that runs over lines.")

(defun mlops-indent-line ()
  "Indent a line by two spaces for each bracket that is open before it."
  (interactive)
  (let* ((depth (save-excursion
                  (back-to-indentation)
                  (let ((open (car (syntax-ppss))))
                    (if (looking-at "[])}]") (1- open) open))))
         (target (* 2 (max 0 depth))))
    (if (<= (current-column) (current-indentation))
        (indent-line-to target)
      (save-excursion (indent-line-to target)))))

;;;###autoload
(define-derived-mode mlops-mode prog-mode "MLOps"
  "Major mode for specs of mlopsc."
  (setq-local comment-start "# ")
  (setq-local comment-start-skip "#+[[:blank:]]*")
  (setq-local indent-tabs-mode nil)
  (setq-local indent-line-function #'mlops-indent-line)
  (setq-local syntax-propertize-function mlops--triple-quotes)
  (setq-local font-lock-defaults '(mlops-font-lock-keywords))
  (setq-local imenu-generic-expression
              `((nil ,(concat "^" (mlops--any mlops--kinds) "[[:blank:]]+\\(" mlops--name "\\)[[:blank:]]*{") 2))))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.mlops\\'" . mlops-mode))

(defvar eglot-server-programs)
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(mlops-mode . ("mlopsc" "lsp"))))

(provide 'mlops-mode)
;;; mlops-mode.el ends here
