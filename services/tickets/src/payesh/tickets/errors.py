"""Errors of tickets, beyond the kit's tree.

PayeshError
 └─ MessageFault
     └─ EvidenceBroken   the parts of a violation are not one unbroken, untampered piece
ValueError
 ├─ LawTableInvalid      the service does not start on a law it cannot read
 └─ PlateClassesInvalid  nor on a file of plate classes that it cannot read
"""

from payesh.kit.errors import MessageFault


class EvidenceBroken(MessageFault):
    """The evidence a violation names does not hold: retrying cannot mend it."""


class LawTableInvalid(ValueError):
    """The law table's file is malformed or contradicts itself."""


class PlateClassesInvalid(ValueError):
    """The file of plates that cannot be on a class of vehicles is malformed."""
