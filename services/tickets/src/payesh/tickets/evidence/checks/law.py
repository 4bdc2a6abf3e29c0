"""Is the citation priced as the rows in `law.json`, and the published table, have it?"""

from payesh.tickets.adapters.violations import offence_of
from payesh.tickets.domain.assessment import price_of
from payesh.tickets.domain.jalali_day import jalali_text
from payesh.tickets.evidence.checks.finding import Fault, require_same
from payesh.tickets.evidence.checks.folder import BundleFolder
from payesh.tickets.evidence.law_basis import basis_of


def check_law(folder: BundleFolder) -> str:
    manifest, basis = folder.manifest, folder.basis
    offence = offence_of(folder.violation)
    day = offence.captured_on
    require_same("table", basis.table, manifest.law.table)
    require_same("table_sha256", basis.table_sha256, manifest.law.table_sha256)
    require_same("day", basis.captured_on, jalali_text(day))
    if basis.tolerance is not None and basis.as_table().tolerance(day) is None:
        raise Fault("its tolerance was not in force at capture")
    price = price_of(offence, basis.as_table())
    if price is None:
        raise Fault("its rows do not fit this case")
    require_same("offence_code", price.offence.code, manifest.law.offence_code)
    require_same("decree", price.decree, manifest.law.decree)
    require_same("amount_rial", price.amount_rial, manifest.law.amount_rial)
    amount = "no amount" if price.amount_rial is None else f"{price.amount_rial} rial"
    if folder.law is None:
        return f"{amount} for {price.offence.code}, by a row of {basis.table}"
    require_same("SHA-256 of the table", folder.law.sha256, basis.table_sha256)
    published = price_of(offence, folder.law)
    if published is None or basis_of(folder.law, published, day) != basis:
        raise Fault("the published table prices this case with other rows")
    return f"{amount} for {price.offence.code}, as in the published {basis.table}"
