"""`make docs` runs this."""

from mlopsc.compiler.render.editors.files import write_editor_files
from mlopsc.stdlib import registry

write_editor_files(registry())
