"""The daemon's connection: settings and roster come from it, and it does what an arbiter cannot do itself."""

from supervisord_lite.pool.arbiter.connections.port import BrokenPeer
from supervisord_lite.pool.arbiter.connections.words import Talk
from supervisord_lite.wire import backstage
from supervisord_lite.wire.backstage import Answer, Ask, CancelCall, Cancelled, Gone, Roster, Settings
from supervisord_lite.wire.header import WORD
from supervisord_lite.wire.splitter import Frame


class Daemon(Talk):
    """Hears the daemon."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "the daemon"

    def heard(self, message: Frame) -> None:
        """One word of it."""
        if message.kind != WORD:
            raise BrokenPeer(f"a message of type 0x{message.kind:02x} came from it")
        hub = self.hub
        match backstage.decode_to_arbiter(message.payload):
            case Settings() as settings:
                hub.configure(settings)
            case Roster() as roster:
                hub.enrol(roster)
            case Gone(name=name, pid=pid, how=how):
                hub.gone(name, pid, how)
            case Answer() as answer:
                hub.questions.answered(answer)
            case Ask(number=number):
                hub.scales.measure(lambda memory: self.say(hub.report(number, memory)))
            case CancelCall(number=number, call=call):
                error = hub.router.cancel_by_operator(call, self.loop.now)
                hub.log.say(5, f"call {call}: cancel by an operator: {error or 'asked for'}")
                self.say(Cancelled(number, error))

    def lost(self) -> None:
        """It has gone, or begins anew: it connects again."""
        if not self.is_closed:
            self.hang_up()
            self.hub.daemon_left(self)
