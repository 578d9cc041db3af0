"""The words of other supervisors, for those who move from there: imported only to explain a refused key."""

import msgspec

from supervisord_lite.config.decode import kinds
from supervisord_lite.config.tables import CompanionTable, SupervisorTable

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
    "graceful_timeout": "stop_timeout",
    "working_dir": "cwd",
    "cmd": "command",
    "exec": "command",
    "callable": "target",
    "depends_on": "after",
    "requires": "after",
    "uid": "user",
    "gid": "group",
}


def hint(name: str, written: object, struct: type[msgspec.Struct], path: str) -> tuple[str, tuple[str, ...]]:
    """Return what to say after `unknown key "name"`, and the keys of the table that the word may mean."""
    word = WORDS.get(name.lower().replace("-", "_")) or WORDS.get(name.lower().replace("_", ""))
    if word and word in kinds(struct):
        return f'; here it is called "{word}"', (word,)
    if name == "name" and struct is CompanionTable:
        return "; a companion's name is the last part of its table's head, [companions.NAME]", ()
    if isinstance(written, dict) and path.startswith("companions.") and written.keys() & kinds(struct).keys():
        whole = path.removeprefix("companions.")
        return f'; a name with a dot in it is written in quotes, [companions."{whole}"]', (
            "target",
            "command",
        )
    for table, head in ((SupervisorTable, "[supervisor]"), (CompanionTable, "[companions.NAME]")):
        if struct is not table and name in kinds(table):
            return f"; it belongs under {head}", ()
    return "", ()
