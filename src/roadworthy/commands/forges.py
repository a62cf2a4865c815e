"""Which forge hosts a project, and whether the user's token may go there. A project never decides that."""

from __future__ import annotations

import os
import re
from pathlib import Path

from roadworthy.adapters.files import beginning
from roadworthy.commands.revision import is_bare
from roadworthy.core.values import frozen
from roadworthy.facts.sources import Forge

TOKEN = "ROADWORTHY_FORGE_TOKEN"
NO_TOKEN = f"no token was given: {TOKEN}"
ENVIRONMENT = "production"
SCHEMES = ("https://", "http://", "ssh://")
MOST_CONFIG = 1 << 16
SHORT_ADDRESS = r"(?:[^@/\s]+@)?([^:/\s]+):(?!/)(\S+)"
# However it is written or hidden in git's configuration, an address elsewhere means that there is a forge.
REMOTE = re.compile(r"\burl\s*=\s*\S*(?:://|@)", re.IGNORECASE)
SAFE_PATH = r"[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)+"


@frozen
class Home:
    """Where a project says it lives, or CI says what it runs for."""

    host: str
    path: str


@frozen
class Desk:
    """A forge's interface that may be asked: its kind, its address, the repository, the token."""

    kind: str
    api: str
    path: str
    token: str


def forge(place: Path | None) -> Forge:
    """Return what the forge enforces; without a token, or at a host that nobody named, that is not known."""
    config = _config(place)
    if not _in_ci() and not config:
        return Forge(exists=None, reason="no configuration of git is here to name a forge: judge a clone")
    if not _in_ci() and not REMOTE.search(config):
        return Forge(exists=False, reason="no forge hosts it")
    desk = _desk(_remotes(config))
    return Forge(exists=True, reason=desk) if isinstance(desk, str) else _ask(desk)


def _in_ci() -> str:
    return next((sign for sign in ("GITHUB_ACTIONS", "GITLAB_CI") if os.environ.get(sign)), "")


def _ask(desk: Desk) -> Forge:
    from roadworthy.adapters.remote import asker
    from roadworthy.facts import forge_github, forge_gitlab

    if desk.kind == "github":
        ask = asker(desk.api, forge_github.headers(desk.token))
        return forge_github.read_github(ask, desk.path, ENVIRONMENT)
    ask = asker(desk.api, forge_gitlab.headers(desk.token))
    return forge_gitlab.read_gitlab(ask, desk.path, ENVIRONMENT)


def _desk(remotes: list[str]) -> Desk | str:
    kind = {"GITHUB_ACTIONS": "github", "GITLAB_CI": "gitlab"}.get(_in_ci(), "")
    token = _token(kind)
    if not token:
        return f"{NO_TOKEN} (the job's own token may not read the rules)" if kind == "gitlab" else NO_TOKEN
    homes = [home_of(each) for each in remotes]
    if not homes or homes[0] is None:
        return "no remote address of its own says which repository to ask about"
    return _desk_of_ci(kind, homes[0], token) if kind else _desk_of_user(homes[0], token)


def _token(kind: str) -> str:
    """A job's token counts only inside that job."""
    own = os.environ.get("GITHUB_TOKEN", "") if kind == "github" else ""
    return os.environ.get(TOKEN, "").strip() or own.strip()


def _desk_of_ci(kind: str, home: Home, token: str) -> Desk | str:
    read = os.environ.get
    if kind == "github":
        server, path, api = read("GITHUB_SERVER_URL"), read("GITHUB_REPOSITORY"), read("GITHUB_API_URL")
    else:
        server, path, api = read("CI_SERVER_URL"), read("CI_PROJECT_PATH"), read("CI_API_V4_URL")
    if not server or not path or not api:
        return "CI does not say which forge and repository it runs for"
    if (home.host, home.path.lower()) != (_split(server)[0], path.lower()):
        return "its remote is not the repository that this job runs for, so the token stays here"
    return Desk(kind=kind, api=api, path=path, token=token)


def _desk_of_user(home: Home, token: str) -> Desk | str:
    from roadworthy.adapters.config import read_configuration

    if home.host not in read_configuration().hosts:
        hint = "list it under [forge] hosts in roadworthy/config.toml, or in ROADWORTHY_FORGE_HOSTS"
        return f"the host of its remote is not one that you named, so the token stays here: {hint}"
    for kind, name in (("github", "GITHUB_API_URL"), ("gitlab", "CI_API_V4_URL")):
        api = os.environ.get(name, "")
        if api and _split(api)[0] == home.host:
            return Desk(kind=kind, api=api, path=home.path, token=token)
    return _derived(home, token)


def _derived(home: Home, token: str) -> Desk | str:
    if home.host == "github.com":
        return Desk(kind="github", api="https://api.github.com", path=home.path, token=token)
    if "gitlab" in home.host:
        return Desk(kind="gitlab", api=f"https://{home.host}/api/v4", path=home.path, token=token)
    if "github" in home.host:
        return Desk(kind="github", api=f"https://{home.host}/api/v3", path=home.path, token=token)
    return "which forge runs at the host of its remote is not known: set GITHUB_API_URL or CI_API_V4_URL"


def home_of(address: str) -> Home | None:
    """Return host and path of a remote address; none for what is no plain address of a forge."""
    short = re.fullmatch(SHORT_ADDRESS, address) if "://" not in address else None
    if not short and not address.startswith(SCHEMES):
        return None
    host, path = (short[1].lower(), short[2]) if short else _split(address)
    path = path.strip("/").removesuffix(".git")
    plain = re.fullmatch(SAFE_PATH, path) and not {".", ".."} & set(path.split("/"))
    return Home(host=host, path=path) if host and plain else None


def _split(address: str) -> tuple[str, str]:
    """Host with its port, and path; the port of ssh is no port of the interface."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port and parts.scheme in ("https", "http") else ""
    except ValueError:
        return "", ""
    return f"{(parts.hostname or '').lower()}{port}", parts.path


def _config(place: Path | None) -> str:
    """Read git's configuration as text: asking git would obey it."""
    if place is None:
        return ""
    home = place if is_bare(place) else place / ".git"
    return beginning(home / "config", MOST_CONFIG).decode("utf-8", "replace")


def _remotes(config: str) -> list[str]:
    """Return the addresses of the remotes; that of `origin` comes first."""
    section, found = "", dict[str, str]()
    for line in config.splitlines():
        name, _, value = (each.strip() for each in line.partition("="))
        if name.startswith("["):
            kind, _, rest = name.partition(" ")
            section = f"{kind.lower()} {rest}"
        elif name.lower() == "url" and section.startswith("[remote "):
            found.setdefault(section, value.strip('"'))
    return [found[each] for each in sorted(found, key=lambda each: each != '[remote "origin"]')]
