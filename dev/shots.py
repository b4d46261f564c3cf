"""`make shots`: every page of the running platform, light and dark, wide and narrow, into shots/.

Pages are found by following links from the first page after the demo login: one example of each kind of address. What a
browser complains about on the way (scripts the content policy refused, failed requests, a page wider than its window) is
printed, and makes the exit code 1.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from playwright.sync_api import Browser, Page, Response, StorageState, sync_playwright

from vallum_web.embedded import home

OUT = Path("shots")
MOST_PAGES = 60
MOST_PER_PATH = 3  # the same path with other query keys: a filter, a panel
WIDTHS = (1440, 390)
HEIGHT = 900
SCHEMES = ("light", "dark")
SIGNED_OUT = ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/legal/privacy/", "/legal/terms/")
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
# What stands for one of many: a UUID, a number, a hash, a token.
_ONE_OF_MANY = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+|[0-9a-f]{12,}|[A-Za-z0-9_-]{30,}")


class CannotShoot(Exception):
    """Something is missing: the platform, the login or the browser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Where the platform answers, and who may look."""

    url: str
    email: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A kind of address: its path with names of single things left out, and the keys of its query."""

    path: str
    keys: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        words = [part.strip(":") for part in self.path.split("/") if part]
        return "-".join(["home", *words][bool(words) :] + list(self.keys))


def shape(url: str) -> Shape:
    parts = urlsplit(url)
    path = "/".join(":one" if _ONE_OF_MANY.fullmatch(part) else part for part in parts.path.split("/"))
    return Shape(path=path, keys=tuple(sorted({key for key, _ in parse_qsl(parts.query, keep_blank_values=True)})))


def worth_following(base: str, page: str, hrefs: list[str]) -> Iterator[str]:
    """Links to other pages of the same site. A link that signs out or serves a file is none."""
    origin = urlsplit(base)[:2]
    for href in hrefs:
        url = urldefrag(urljoin(page, href)).url
        if urlsplit(url)[:2] == origin and "logout" not in url and not urlsplit(url).path.startswith("/static/"):
            yield url


class Found:
    """The pages met so far, one of each shape."""

    def __init__(self) -> None:
        self.urls: dict[Shape, str] = {}

    def take(self, url: str) -> bool:
        """Whether this page is of a new kind, and there is room for it."""
        kind = shape(url)
        alike = sum(1 for known in self.urls if known.path == kind.path)
        if kind in self.urls or alike >= MOST_PER_PATH or len(self.urls) >= MOST_PAGES:
            return False
        self.urls[kind] = url
        return True


def demo() -> Demo:
    path = home.locate(os.environ, Path.cwd()) / "demo.json"
    try:
        told = json.loads(path.read_text("utf-8"))
        return Demo(url=told["url"].rstrip("/"), email=told["email"], password=told["password"])
    except (OSError, ValueError, KeyError) as error:
        raise CannotShoot(f"{path} tells no demo login: start the platform with `make run` first.") from error


def chromium() -> str:
    for name in CHROMIUMS:
        if found := shutil.which(name):
            return found
    raise CannotShoot("No Chromium on PATH. Debian: apt-get install chromium.")


class Photographer:
    """Opens pages, keeps what the browser complains about, and takes the pictures."""

    def __init__(self, browser: Browser, demo: Demo) -> None:
        self.browser = browser
        self.demo = demo
        self.complaints: set[str] = set()

    def page(self, *, scheme: str = "light", width: int = WIDTHS[0], state: StorageState | None = None) -> Page:
        context = self.browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": HEIGHT},
            storage_state=state,
            ignore_https_errors=True,  # the demo's certificate is its own
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.on("console", lambda message: self._complain(page, message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._complain(page, str(error)))
        page.on("response", self._answered)
        return page

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._complain(response.frame.page, f"{response.status} for {urlsplit(response.url).path}")

    def _complain(self, page: Page, what: str) -> None:
        self.complaints.add(f"{urlsplit(page.url).path}: {what}")

    def login(self) -> tuple[str, StorageState]:
        """The first page behind the login, and the session."""
        page = self.page()
        page.goto(f"{self.demo.url}/accounts/login/")
        page.fill("input[name=login]", self.demo.email)
        page.fill("input[name=password]", self.demo.password)
        page.click("form:has(input[name=password]) button[type=submit]")
        page.wait_for_load_state()
        if "/accounts/login" in page.url:
            raise CannotShoot(f"{self.demo.url} does not take the demo login. Start again with `make run`.")
        return page.url, page.context.storage_state()

    def crawl(self, start: str, state: StorageState) -> dict[Shape, str]:
        found = Found()
        found.take(start)
        queue = [start]
        page = self.page(state=state)
        while queue:
            url = queue.pop(0)
            if not self._is_page(page, url):
                found.urls.pop(shape(url))
                continue
            hrefs = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
            queue += [link for link in worth_following(self.demo.url, url, hrefs) if found.take(link)]
        page.context.close()
        return found.urls

    def _is_page(self, page: Page, url: str) -> bool:
        answer = page.context.request.get(url, max_redirects=5)
        if not answer.ok or "text/html" not in answer.headers.get("content-type", ""):
            if not answer.ok:
                self.complaints.add(f"{urlsplit(url).path}: {answer.status}")
            return False
        page.goto(url)
        return True

    def take(self, urls: dict[str, str], state: StorageState | None = None) -> None:
        for scheme, width in product(SCHEMES, WIDTHS):
            page = self.page(scheme=scheme, width=width, state=state)
            for slug, url in sorted(urls.items()):
                page.goto(url)
                page.screenshot(path=OUT / f"{slug}-{scheme}-{width}.png", full_page=True)
                wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
                if wide > 0:
                    self._complain(page, f"{wide} px wider than a window of {width} px")
            page.context.close()


def shoot() -> int:
    """Take all pictures; the number of complaints."""
    told = demo()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    with sync_playwright() as playwright:
        # Chromium refuses its own sandbox to root; every page it sees here is ours.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags)
        photographer = Photographer(browser, told)
        photographer.take({shape(told.url + path).slug: told.url + path for path in SIGNED_OUT})
        start, state = photographer.login()
        pages = photographer.crawl(start, state)
        photographer.take({kind.slug: url for kind, url in pages.items()}, state)
        browser.close()
    for complaint in sorted(photographer.complaints):
        print(complaint)
    print(f"{len(list(OUT.iterdir()))} pictures of {len(pages) + len(SIGNED_OUT)} pages in {OUT}/")
    return len(photographer.complaints)


def main() -> int:
    try:
        return 1 if shoot() else 0
    except CannotShoot as error:
        print(f"make shots: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
