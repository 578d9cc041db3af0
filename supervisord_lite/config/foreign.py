"""The words of other supervisors, for those who move from there: imported only to explain a refused key."""

import msgspec

from supervisord_lite.config.kinds import kinds
from supervisord_lite.config.tables import CompanionTable, PoolTable, StashTable, SupervisorTable

WORDS = {
    # supervisord
    "autorestart": "restart",
    "startretries": "max_restarts",
    "stopwaitsecs": "stop_timeout",
    "stopsignal": "stop_signal",
    "environment": "env",
    "directory": "cwd",
    "numprocs": "instances",
    "process_count": "instances",
    "exitcodes": "success_exit_codes",
    "priority": "after",
    "stdout_logfile": "stdout",
    "stderr_logfile": "stderr",
    "redirect_stderr": "stderr",
    "loglevel": "log_level",
    "minfds": "rlimits",
    "minprocs": "rlimits",
    "childlogdir": "stdout",
    "files": "include",
    # systemd
    "execstart": "command",
    "workingdirectory": "cwd",
    "environmentfile": "env_file",
    "restartsec": "restart_delay",
    "restartmaxdelaysec": "restart_delay_max",
    "startlimitburst": "max_restarts",
    "startlimitintervalsec": "restart_window",
    "successexitstatus": "success_exit_codes",
    "restartpreventexitstatus": "permanent_exit_codes",
    "timeoutstartsec": "ready_timeout",
    "timeoutstopsec": "stop_timeout",
    "killsignal": "stop_signal",
    "standardoutput": "stdout",
    "standarderror": "stderr",
    "watchdogsec": "watchdog_sec",
    "limitnofile": "rlimits",
    "limitcore": "rlimits",
    "limitnproc": "rlimits",
    "type": "notify",
    # gunicorn and circus
    "pythonpath": "python_path",
    "preload_app": "preload",
    "companion_control_socket": "control_socket",
    "companion_control_socket_mode": "control_socket_mode",
    "companion_config_file": "include",
    "companion_manager_stop_timeout": "shutdown_timeout",
    "companion_manager_shutdown_buffer": "shutdown_buffer",
    "working_dir": "cwd",
    "cmd": "command",
    "exec": "command",
    "callable": "target",
    "depends_on": "after",
    "requires": "after",
    "uid": "user",
    "gid": "group",
}


OF_TABLE: dict[type[msgspec.Struct], dict[str, str]] = {
    CompanionTable: {
        "graceful_timeout": "stop_timeout",
        "timeout": "stop_timeout",
        "workers": "instances",
    },
    PoolTable: {
        **dict.fromkeys(("instances", "numprocs", "process_count", "processes", "num_workers"), "workers"),
        **dict.fromkeys(("stop_timeout", "stopwaitsecs", "timeoutstopsec"), "graceful_timeout"),
        **dict.fromkeys(("ready_timeout", "startup_timeout", "timeoutstartsec"), "init_timeout"),
        "socket_path": "socket",
        "listenstream": "socket",
        "socketmode": "socket_mode",
        "socketgroup": "socket_group",
        "max_requests": "max_calls",
        "max_requests_jitter": "max_calls_jitter",
        "max_worker_lifetime": "max_age",
        "max_queue_size": "max_queue",
        "backlog": "max_queue",
        "max_message_size": "max_message",
    },
    StashTable: {"max_size": "size", "map_size": "size", "directory": "path", "persistent": "persist"},
}
"""Words that mean another key in one table than in the others, or nothing there."""

DIRTY = {
    "dirty_apps": "apps",
    "dirty_workers": "workers",
    "dirty_threads": "threads",
    "dirty_timeout": "timeout",
    "dirty_graceful_timeout": "graceful_timeout",
    **dict.fromkeys(
        ("on_dirty_starting", "dirty_post_fork", "dirty_worker_init", "dirty_worker_exit"), "hooks"
    ),
}
"""Gunicorn's settings of its dirty arbiter, and the keys of a pool that they are here."""

HEADS: dict[type[msgspec.Struct], str] = {
    SupervisorTable: "[supervisor]",
    CompanionTable: "[companions.NAME]",
    PoolTable: "[pools.NAME]",
    StashTable: "[stash]",
}


def hint(name: str, written: object, struct: type[msgspec.Struct], path: str) -> tuple[str, tuple[str, ...]]:
    """Return what to say after `unknown key "name"`, and the keys of the table that the word may mean."""
    if name.lower() in DIRTY:
        return _of_gunicorn(name.lower(), struct)
    words = {**WORDS, **OF_TABLE.get(struct, {})}
    word = words.get(name.lower().replace("-", "_")) or words.get(name.lower().replace("_", ""))
    if word and word in kinds(struct):
        return f'; here it is called "{word}"', (word,)
    head = path.partition(".")[0]
    if name == "name" and struct in (CompanionTable, PoolTable):
        what = "companion" if struct is CompanionTable else "pool"
        return f"; a {what}'s name is the last part of its table's head, [{head}.NAME]", ()
    if (
        isinstance(written, dict)
        and head in ("companions", "pools")
        and written.keys() & kinds(struct).keys()
    ):
        whole = path.removeprefix(f"{head}.")
        needed = ("target", "command") if head == "companions" else ("apps",)
        return f'; a name with a dot in it is written in quotes, [{head}."{whole}"]', needed
    return _elsewhere(name, struct)


def _of_gunicorn(name: str, struct: type[msgspec.Struct]) -> tuple[str, tuple[str, ...]]:
    key = DIRTY[name]
    said = f'here it is called "{key}"'
    if key == "hooks":
        said = f'a function of that name belongs in the module that "{key}" names'
    if struct is PoolTable:
        return f"; {said}", (key,)
    return f"; {said}, under [pools.NAME] such as [pools.dirty]", ()


def _elsewhere(name: str, struct: type[msgspec.Struct]) -> tuple[str, tuple[str, ...]]:
    """Return under which table a key of this name belongs."""
    if name == "dirty":
        return "; a pool is written [pools.dirty]", ()
    heads = [head for table, head in HEADS.items() if struct is not table and name in kinds(table)]
    return (f"; it belongs under {heads[0]}", ()) if heads else ("", ())
