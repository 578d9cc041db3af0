"""The programs of a companion: everything expanded for each instance, and checked against the machine."""

import os
from collections.abc import Mapping

from supervisord_lite.config.companion import Companion, policy_of
from supervisord_lite.config.executable import Executables
from supervisord_lite.config.expansion import Scope
from supervisord_lite.config.number import rlimit_name
from supervisord_lite.config.program import Launch, Program, Rlimit
from supervisord_lite.config.resolver import Resolver, absolute
from supervisord_lite.config.supervisor import Surroundings
from supervisord_lite.model.policy import Policy


class Programs:
    """Makes programs of companions; what equals an earlier part of another program is that very part."""

    def __init__(self, resolver: Resolver, surroundings: Surroundings) -> None:
        self.resolver = resolver
        self.surroundings = surroundings
        self.executables = Executables()
        self._policies: dict[Policy, Policy] = {}
        self._environments: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        self._limits: dict[tuple[tuple[str, Rlimit], ...], dict[str, Rlimit]] = {}

    def of(self, companion: Companion, after: tuple[str, ...]) -> list[Program]:
        """Return the companion's programs; `after` holds the names of the instances they wait for."""
        policy = policy_of(companion.table)
        policy = self._policies.setdefault(policy, policy)
        programs: list[Program] = []
        names = companion.instance_names() or (companion.name,)  # none runs, but its mistakes are told
        for instance, name in enumerate(names, 1):
            launch = self._launch(companion, instance, name)
            if programs and programs[-1].launch == launch:
                launch = programs[-1].launch
            programs.append(
                Program(
                    name=name,
                    companion=companion.name,
                    instance=instance,
                    launch=launch,
                    policy=policy,
                    autostart=companion.table.autostart,
                    after=after,
                )
            )
        return programs[: companion.count]

    def _launch(self, companion: Companion, instance: int, program: str) -> Launch:
        given, table, resolver = companion.given, companion.table, self.resolver
        inherited = self.surroundings.supervisor
        names = self._names(companion.name, instance, program)
        visible = dict(self.surroundings.scope.variables)
        identity_scope = Scope(visible, names)
        user = resolver.user(given.get("user"), identity_scope)
        group = resolver.group(given.get("group"), identity_scope)
        if "user" not in given:
            user, group = inherited.user, group if "group" in given else inherited.group
        self._see_account(user, visible)
        env = resolver.environment([companion.defaults, companion.own], visible, names)
        scope = Scope(visible, names)
        cwd = resolver.directory(given.get("cwd"), scope) or inherited.cwd
        return Launch(
            target=None if table.target is None else str(table.target),
            command=self._command(companion, scope, cwd),
            cwd=cwd,
            env=self._shared_env(inherited.env | env),
            user=user,
            group=group,
            umask=None if table.umask is None else int(table.umask),
            nice=None if table.nice is None else int(table.nice),
            rlimits=self._shared_limits(companion),
            stdout=resolver.output(given.get("stdout"), scope),
            stderr=resolver.output(given.get("stderr"), scope),
            notify=table.notify,
        )

    def _names(self, name: str, instance: int, program: str) -> dict[str, str]:
        """Return what `%(...)s` can name; the second half are supervisord's words for the same."""
        return {
            "name": name,
            "instance": str(instance),
            "program": program,
            **self.surroundings.scope.names,
            "program_name": name,
            "group_name": name,
            "process_num": str(instance - 1),  # supervisord counts from numprocs_start, which is 0
        }

    def _see_account(self, user: str | None, visible: dict[str, str]) -> None:
        """Let `${HOME}` be the home that the program will find, unless `[supervisor] env` says otherwise."""
        home = self.resolver.accounts.home(user) if user is not None else None
        if home is not None:
            visible.update(home)
            visible.update(self.surroundings.supervisor.env)

    def _command(self, companion: Companion, scope: Scope, cwd: str | None) -> tuple[str, ...] | None:
        given = companion.given.get("command")
        if given is None:
            return None
        words = self.resolver.texts(given, scope)
        if len(words) < len(given.value):
            return None  # a problem was noted
        program = words[0]
        if "/" in program and not program.startswith("/"):
            program = os.path.join(cwd, program) if cwd else absolute(program, given)
        if why := "must not be empty" if not program else self.executables.why_not(program, scope.variables):
            self.resolver.refuse(given, why)
        return (program, *words[1:])

    def _shared_env(self, env: dict[str, str]) -> dict[str, str]:
        return self._environments.setdefault(tuple(sorted(env.items())), env)

    def _shared_limits(self, companion: Companion) -> dict[str, Rlimit]:
        given = companion.given.get("rlimits")
        entries: Mapping[str, Rlimit] = {}
        if given is not None:
            entries = {rlimit_name(key): Rlimit(*entry.value) for key, entry in given.value.items()}
        return self._limits.setdefault(tuple(sorted(entries.items(), key=_first)), dict(entries))


def _first(item: tuple[str, Rlimit]) -> str:
    return item[0]
