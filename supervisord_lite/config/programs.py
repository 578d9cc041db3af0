"""The programs of a companion, one for each instance."""

import os

from msgspec.structs import replace

from supervisord_lite.config.companion import Companion, policy_of
from supervisord_lite.config.executable import Executables
from supervisord_lite.config.expansion import Scope
from supervisord_lite.config.launch import Launches
from supervisord_lite.config.program import Launch, Program
from supervisord_lite.config.resolver import absolute
from supervisord_lite.model.policy import Policy


class Programs:
    """Makes programs of companions; those that share a policy or a launch share its value."""

    def __init__(self, launches: Launches) -> None:
        self.launches = launches
        self.resolver = launches.resolver
        self.executables = Executables()
        self._policies: dict[Policy, Policy] = {}

    def of(self, companion: Companion, after: tuple[str, ...]) -> list[Program]:
        """Return the companion's programs; `after` has the names of those they wait for."""
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
                    group=companion.name,
                    instance=instance,
                    launch=launch,
                    policy=policy,
                    autostart=companion.table.autostart,
                    after=after,
                )
            )
        return programs[: companion.count]

    def _launch(self, companion: Companion, instance: int, program: str) -> Launch:
        table = companion.table
        names = {
            "name": companion.name,
            "instance": str(instance),
            "program": program,
            # supervisord's words for the same
            "program_name": companion.name,
            "group_name": companion.name,
            "process_num": str(instance - 1),  # supervisord counts from numprocs_start, which is 0
        }
        begun = self.launches.begin(companion.given, (companion.defaults, companion.own), names)
        return replace(
            begun.launch,
            target=None if table.target is None else str(table.target),
            command=self._command(companion, begun.scope, begun.launch.cwd),
            notify=table.notify,
        )

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
