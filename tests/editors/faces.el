;; Prints the face at each place; the arguments are the mode's file and a file of JSON.  -*- lexical-binding: t; -*-
(require 'json)
(let* ((asked (with-temp-buffer (insert-file-contents (nth 1 command-line-args-left)) (json-read)))
       (coding-system-for-write 'utf-8))
  (load (car command-line-args-left) nil t)
  (setq command-line-args-left nil)
  (princ
   (json-encode
    (vconcat (mapcar (lambda (one)
              (with-current-buffer (find-file-noselect (aref one 0))
                (unless (eq major-mode 'mlops-mode) (error "The mode is %s" major-mode))
                (font-lock-ensure)
                (vconcat (mapcar (lambda (place)
                          (let ((face (get-text-property (1+ place) 'face)))
                            (format "%s" (if (listp face) (car face) face))))
                        (aref one 1)))))
            asked)))))
