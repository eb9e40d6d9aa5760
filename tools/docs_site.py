# SPDX-License-Identifier: MIT
"""What mkdocs needs to build the site out of files that lie where GitHub expects them: README, CHANGELOG and CONTRIBUTING become pages,
and a file of the project that a page links to comes along. mkdocs.yml names this file as a hook; `make docs` runs it.
"""

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
PAGES = {"README.md": "index.md", "CHANGELOG.md": "CHANGELOG.md", "CONTRIBUTING.md": "CONTRIBUTING.md"}  # in the project, in the site
_LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]*)?(?=\))")


def on_files(files, config):
    """Add the pages, and what any page links to."""
    for path, uri in PAGES.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
    pages = list(files.documentation_pages())
    for page in pages:  # it grows: a page may bring others
        for _, link, _ in _LINK.findall(Path(page.abs_src_path).read_text()):
            path = _target(_path(page.src_uri), link)
            if path and path not in PAGES and not path.startswith("docs/") and not files.get_file_from_path(path):
                files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
                if path.endswith(".md"):
                    pages.append(files.get_file_from_path(path))
    return files


def on_page_markdown(markdown, page, config, files):
    """Links say where a file is in the project; make them say where it is in the site."""
    uri = page.file.src_uri

    def moved(match):
        path = _target(_path(uri), match[2])
        if path is None:
            return match[0]
        place = PAGES.get(path) or path.removeprefix("docs/")
        return match[1] + relpath(place, str(PurePosixPath(uri).parent)) + (match[3] or "")

    return _LINK.sub(moved, markdown)


def _path(uri):
    """Where a page of the site is in the project."""
    inside = next((path for path, place in PAGES.items() if place == uri), "docs/" + uri)
    return inside if (ROOT / inside).exists() else uri


def _target(path, link):
    """The file of the project that a link in `path` names; None for none, which mkdocs then complains of."""
    if ":" in link:
        return None
    found = normpath(str(PurePosixPath(path).parent / link))
    return found if (ROOT / found).is_file() else None
