"""One error tree, sorted by who can act on it.

AheError                        a person reads it; the message names the fix; exit code 2
├── UsageError                  the call or ahe.toml is wrong
├── WorkspaceError              the workspace's git state does not allow the step
│   └── RevertConflict          a revert conflicts with later work; the tree was left clean
├── HarnessError                a harness that cannot be loaded
├── TaskError                   a task that cannot be read
│   └── UnsupportedTask         a task uses a feature that is not supported; the message names it
├── Infrastructure              not the agent's fault: the trial becomes `missing`, never 0
│   ├── SandboxError            bubblewrap, Docker, image or disk
│   ├── ModelUnavailable        endpoint unreachable, refused the key, or failed after all retries
│   └── AllBroken               trial after trial broke: the run stops
├── BudgetExceeded              tokens, money or minutes are spent: the run stops cleanly
├── NothingLeft                 the editor has tried all that it has: the run stops cleanly
└── AgentFault                  the agent's own fault: the trial counts as a failure
    ├── ContextOverflow         the conversation no longer fits the model's window
    ├── EnvironmentLost         what its commands did ended the sandbox
    └── BadRequest              the endpoint rejected what this harness made it send
"""


class AheError(Exception):
    """Root of the tree. The text of every error says what to do about it."""


class UsageError(AheError):
    """The command line or `ahe.toml` is wrong."""


class WorkspaceError(AheError):
    """The workspace's git state does not allow the step."""


class RevertConflict(WorkspaceError):
    """A revert conflicts with later work. The tree was left clean."""


class HarnessError(AheError):
    """A harness cannot be loaded."""


class TaskError(AheError):
    """A task cannot be read."""


class UnsupportedTask(TaskError):
    """A task uses a feature that is not supported. The message names the feature."""


class Infrastructure(AheError):
    """Not the agent's fault. A trial in which it occurs is `missing`, never 0."""


class SandboxError(Infrastructure):
    """bubblewrap, Docker, an image or the disk failed."""


class ModelUnavailable(Infrastructure):
    """The endpoint could not be reached, refused the key, or failed after all retries."""


class AllBroken(Infrastructure):
    """Trial after trial of an evaluation broke, so the run stopped. It can be resumed."""


class BudgetExceeded(AheError):
    """Tokens, money or minutes are spent. What is done is kept; the run can be resumed."""


class NothingLeft(AheError):
    """The editor has tried all that it has. What is done is kept."""


class AgentFault(AheError):
    """The agent's own fault. The trial counts as a failure."""


class ContextOverflow(AgentFault):
    """The conversation no longer fits the model's context window."""


class EnvironmentLost(AgentFault):
    """The sandbox ended, or stopped answering, because of what the agent's commands did in it."""


class BadRequest(AgentFault):
    """The endpoint rejected the content that this harness made it send (HTTP 400, 413, 422)."""
