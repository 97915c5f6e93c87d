"""The errors of a SQL Server that only faults bring, in its own words."""

from dataclasses import replace

from spentkey_sim.fault import Fault
from spentkey_sim.passwordstate.tds_tokens import SqlError

DEADLOCK = SqlError(
    1205,
    "Transaction (Process ID 51) was deadlocked on lock resources with another process"
    " and has been chosen as the deadlock victim. Rerun the transaction.",
    13,
)
REFUSED = SqlError(18456, "Login failed for user.", 14)
NO_DATABASE = SqlError(4060, 'Cannot open database "passwordstate" requested by the login. The login failed.', 11)
_OF_KINDS = {
    "18456": REFUSED,
    "208": SqlError(208, "Invalid object name 'dbo.vw_PfxDocuments'."),
    "409": DEADLOCK,
}
# LEDGER: P-29 - a server that starts, stops, is paused or fails over
BY_NUMBER = {
    one.number: one
    for one in (
        NO_DATABASE,
        DEADLOCK,
        SqlError(922, "Database 'passwordstate' is being recovered. Waiting until recovery is finished.", 14),
        SqlError(
            983,
            "Unable to access availability database 'passwordstate' because the database replica is not in the PRIMARY "
            "or SECONDARY role. Connections to an availability database is permitted only when the database replica is "
            "in the PRIMARY or SECONDARY role. Try the operation again later.",
            14,
        ),
        SqlError(6005, "SHUTDOWN is in progress.", 14),
        SqlError(
            17142,
            "SQL Server service has been paused. No new connections will be allowed. To resume the service, use SQL "
            "Computer Manager or the Services application in Control Panel.",
            14,
        ),
        SqlError(
            18401,
            "Login failed for user 'reader'. Reason: Server is in script upgrade mode. Only administrator can connect "
            "at this time.",
            14,
        ),
        SqlError(18451, "Login failed for user 'reader'. Only administrators may connect at this time.", 14),
        SqlError(
            18452,
            "Login failed. The login is from an untrusted domain and cannot be used with Integrated authentication.",
            14,
        ),
        SqlError(18470, "Login failed for user 'reader'. Reason: The account is disabled.", 14),
        SqlError(18486, "Login failed for user 'reader' because the account is currently locked out.", 14),
        REFUSED,
        SqlError(701, "There is insufficient system memory in resource pool 'internal' to run this query.", 17),
        SqlError(208, "Invalid object name 'dbo.vw_PfxDocuments'."),
        SqlError(207, "Invalid column name 'DocumentID'."),
        SqlError(229, "The SELECT permission was denied on the object 'vw_PfxDocuments'.", 14, 5),
        SqlError(102, "Incorrect syntax near 'SELECT'.", 15),
        SqlError(
            40613,
            "Database 'passwordstate' on server 'vault' is not currently available. Please retry the connection later. "
            "If the problem persists, contact customer support, and provide them the session tracing ID of '{0}'.",
            17,
        ),
    )
}


def error_of(fault: Fault | None) -> SqlError | None:
    """The error that a fault puts in the place of an answer, or None for any other fault."""
    if fault is None:
        return None
    if fault.kind == "sql-error":
        known = BY_NUMBER.get(int(fault.params.get("number", 0)), REFUSED)
        return replace(known, text=str(fault.params.get("text", known.text)))
    return _OF_KINDS.get(fault.kind)
