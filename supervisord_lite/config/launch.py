"""What only a new process can take on: everything expanded, and checked against the machine."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from supervisord_lite.config.expansion import Scope
from supervisord_lite.config.given import Given, Section
from supervisord_lite.config.number import rlimit_name
from supervisord_lite.config.program import Launch, Rlimit
from supervisord_lite.config.resolver import Resolver
from supervisord_lite.config.supervisor import Surroundings


class Begun(Struct, frozen=True):
    """A launch without what is to run, and the scope in which that is expanded."""

    launch: Launch
    scope: Scope


class Launches:
    """Begins launches; what equals an earlier part of another one is that very part."""

    def __init__(self, resolver: Resolver, surroundings: Surroundings) -> None:
        self.resolver = resolver
        self.surroundings = surroundings
        self._environments: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        self._limits: dict[tuple[tuple[str, Rlimit], ...], dict[str, Rlimit]] = {}

    def begin(self, given: Mapping[str, Given], layers: Iterable[Section], names: Mapping[str, str]) -> Begun:
        """Return what `given`, the winning values of the layers, comes to.

        `names` is what `%(...)s` can name beside the host.
        """
        resolver = self.resolver
        inherited = self.surroundings.supervisor
        names = {**names, **self.surroundings.scope.names}
        visible = dict(self.surroundings.scope.variables)
        identity_scope = Scope(visible, names)
        user = resolver.user(given.get("user"), identity_scope)
        group = resolver.group(given.get("group"), identity_scope)
        if "user" not in given:
            user, group = inherited.user, group if "group" in given else inherited.group
        self._see_account(user, visible)
        env = resolver.environment(layers, visible, names)
        scope = Scope(visible, names)
        cwd = resolver.directory(given.get("cwd"), scope) or inherited.cwd
        launch = Launch(
            cwd=cwd,
            env=self._shared_env(inherited.env | env),
            user=user,
            group=group,
            umask=_number(given.get("umask")),
            nice=_number(given.get("nice")),
            rlimits=self._shared_limits(given.get("rlimits")),
            stdout=resolver.output(given.get("stdout"), scope),
            stderr=resolver.output(given.get("stderr"), scope),
        )
        return Begun(launch, scope)

    def _see_account(self, user: str | None, visible: dict[str, str]) -> None:
        """Let `${HOME}` be the home that the program will find, unless `[supervisor] env` says otherwise."""
        home = self.resolver.accounts.home(user) if user is not None else None
        if home is not None:
            visible.update(home)
            visible.update(self.surroundings.supervisor.env)

    def _shared_env(self, env: dict[str, str]) -> dict[str, str]:
        return self._environments.setdefault(tuple(sorted(env.items())), env)

    def _shared_limits(self, given: Given | None) -> dict[str, Rlimit]:
        entries: Mapping[str, Rlimit] = {}
        if given is not None:
            entries = {rlimit_name(key): Rlimit(*entry.value) for key, entry in given.value.items()}
        return self._limits.setdefault(tuple(sorted(entries.items(), key=_first)), dict(entries))


def _number(given: Given | None) -> int | None:
    return None if given is None else int(given.value)


def _first(item: tuple[str, Rlimit]) -> str:
    return item[0]
