"""What login and Graph answer when they refuse, as exceptions that carry the wire's words.

Login errors have the shape of learn.microsoft.com/entra/identity-platform/reference-error-codes, Graph errors that of
learn.microsoft.com/graph/errors.
"""

from typing import Any


class GraphError(Exception):
    """A refusal by Graph: a status, a code and a message."""

    def __init__(self, status: int, code: str, message: str, **extra: Any) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.extra = extra
        self.headers: dict[str, str] = {}


class LoginError(Exception):
    """A refusal by the token endpoint: a status, an OAuth error and an AADSTS number with its text."""

    def __init__(self, number: int, text: str, *, error: str = "invalid_client", status: int = 401) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.number = number
        self.error = error
        self.status = status


def missing_parameter(name: str) -> LoginError:
    """LEDGER: E-02, a form without a required field."""
    return LoginError(
        900144, f"The request body must contain the following parameter: '{name}'.", error="invalid_request", status=400
    )


def tenant_not_found(name: str, error: str) -> LoginError:
    """LEDGER: E-03, an unknown tenant; the discovery document names the error differently."""
    text = (
        f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant."
    )
    return LoginError(90002, text, error=error, status=400)


def application_not_found(app_id: str, tenant: str) -> LoginError:
    """LEDGER: E-04, an application that this tenant does not know."""
    text = (
        f"Application with identifier '{app_id}' was not found in the directory '{tenant}'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant."
    )
    return LoginError(700016, text, error="unauthorized_client", status=400)


def wrong_secret(app_id: str) -> LoginError:
    """LEDGER: E-05, a secret that is not this application's."""
    text = (
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
        f"not the client secret ID, for a secret added to app '{app_id}'."
    )
    return LoginError(7000215, text)


def secret_expired(app_id: str) -> LoginError:
    """LEDGER: E-06, the right secret, past its end."""
    text = (
        f"The provided client secret keys for app '{app_id}' are expired. Visit the Azure portal to create new keys "
        "for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added "
        "security: https://aka.ms/certCreds."
    )
    return LoginError(7000222, text)


def key_not_found(thumbprint: str) -> LoginError:
    """LEDGER: E-07, an assertion signed with a certificate that is not registered on the application."""
    text = (
        "The certificate with identifier used to sign the client assertion is not registered on application. "
        f"[Reason - The key was not found., Thumbprint of key used by client: '{thumbprint}']"
    )
    return LoginError(700027, text)


def no_service_principal(app_id: str, tenant: str) -> LoginError:
    """LEDGER: E-61, an application that is registered and has no service principal, which signing in needs."""
    return LoginError(7000229, f"The client application {app_id} is missing service principal in the tenant {tenant}.")


def key_expired(thumbprint: str, start: str, end: str) -> LoginError:
    """LEDGER: E-07, an assertion signed with a certificate that is not valid now."""
    text = (
        "The certificate with identifier used to sign the client assertion is expired on application. "
        f"[Reason - The key used is expired., Thumbprint of key used by client: '{thumbprint}', "
        f"Found key 'Start={start}, End={end}']"
    )
    return LoginError(700027, text)


def bad_signature(thumbprint: str) -> LoginError:
    """LEDGER: E-07, an assertion whose signature the named certificate did not make."""
    text = (
        "Client assertion contains an invalid signature. [Reason - The key was found, but use of the key to verify "
        f"the signature failed., Thumbprint of key used by client: '{thumbprint}']"
    )
    return LoginError(700027, text)


def outside_time_range(now: str) -> LoginError:
    """LEDGER: E-08, an assertion that is too old or not valid yet."""
    return LoginError(700024, f"Client assertion is not within its valid time range. Current time: {now}.")


def invalid_scope(scope: str) -> LoginError:
    """LEDGER: E-09, a scope that is not the resource's /.default."""
    text = (
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter "
        f"'scope' is not valid. The scope {scope} is not valid."
    )
    return LoginError(70011, text, error="invalid_scope", status=400)


def no_resource(resource: str, tenant: str) -> LoginError:
    """LEDGER: E-09, a resource that the tenant does not know."""
    text = (
        f"The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the tenant."
    )
    return LoginError(500011, text, error="invalid_resource", status=400)


def subject_mismatch() -> LoginError:
    """LEDGER: E-10, an assertion whose sub is not its iss."""
    return LoginError(50048, "Subject must match Issuer claim in the client assertion.")


def issuer_mismatch() -> LoginError:
    """LEDGER: E-10, an assertion that speaks for another client than the form does."""
    return LoginError(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")


def malformed_token(why: str) -> LoginError:
    """LEDGER: E-11, an assertion that is no usable JWT."""
    return LoginError(50027, f"JWT token is invalid or malformed. {why}".rstrip())


def audience_mismatch() -> LoginError:
    """LEDGER: E-12, an assertion made for another authority or tenant."""
    return LoginError(700023, "Client assertion audience claim does not match Realm issuer.")


def no_credential() -> LoginError:
    """LEDGER: E-13, a form with neither a secret nor an assertion."""
    text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
    return LoginError(7000218, text)


def no_federated_credential(app_id: str) -> LoginError:
    """LEDGER: E-74, a token of somebody else, and the application trusts nobody's."""
    return LoginError(70025, f"The client '{app_id}' has no configured federated identity credentials.")


def federated_mismatch(number: int, what: str, value: object) -> LoginError:
    """LEDGER: E-74, a token whose issuer, audience or subject is not the one that the application trusts."""
    text = (
        f"No matching federated identity record found for presented assertion {what} '{value}'. Check your federated "
        "identity credential Subject, Audience and Issuer against the presented assertion. "
        "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
    )
    return LoginError(number, text)


def unsupported_grant(grant: str) -> LoginError:
    """LEDGER: E-15, any grant but client_credentials."""
    text = f"The app requested an unsupported grant type '{grant}'."
    return LoginError(70003, text, error="unsupported_grant_type", status=400)


def invalid_token(message: str) -> GraphError:
    """LEDGER: E-20, no token, a token of somebody else, or one that has expired."""
    return GraphError(401, "InvalidAuthenticationToken", message)


def denied() -> GraphError:
    """LEDGER: E-21, E-23, E-30, a caller that may not do this."""
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def not_found(name: str) -> GraphError:
    """LEDGER: E-22, E-48, an object that is unknown or soft-deleted."""
    text = f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
    return GraphError(404, "Request_ResourceNotFound", text)


def bad_request(message: str, **extra: Any) -> GraphError:
    """LEDGER: E-24, E-25, E-32, E-40, a request that Graph does not understand."""
    return GraphError(400, "Request_BadRequest", message, **extra)


def unsupported_query(message: str) -> GraphError:
    """LEDGER: E-38, E-39, a query option that is not supported there."""
    return GraphError(400, "Request_UnsupportedQuery", message)


def bad_page_token() -> GraphError:
    """LEDGER: E-80, the token of a page that was changed, or that another question was given."""
    return bad_request("Skip token is not valid.")


def expired_page_token() -> GraphError:
    """LEDGER: E-81, the token of a page that is too old."""
    text = "The specified page token value has expired and can no longer be included in your request."
    return GraphError(400, "Directory_ExpiredPageToken", text)


def no_count() -> GraphError:
    """LEDGER: E-82, a count without the header of advanced queries."""
    return bad_request("$count is not currently supported.")


def no_premium() -> GraphError:
    """LEDGER: E-86, a report in a tenant that has not bought it."""
    text = "Neither tenant is B2C or tenant doesn't have premium license"
    return GraphError(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", text)


def no_password(key_id: str, app_id: str) -> GraphError:
    """LEDGER: E-26, removePassword for a key id that is not there."""
    return bad_request(f"No password credential found with keyId {key_id} on the object {app_id}.")


def no_credentials() -> GraphError:
    """LEDGER: E-27, removeKey for a key id that is not there."""
    return bad_request("No credentials found to be removed.")


def proof_refused() -> GraphError:
    """LEDGER: E-28, a proof that fails for whatever reason; the text blames the access token."""
    return GraphError(401, "Authentication_MissingOrMalformed", "Access Token missing or malformed.")


def concurrent(status: int = 409) -> GraphError:
    """LEDGER: E-31, a second write to one application too soon after the first; some see it under 400."""
    text = "Error due to concurrent requests being made to the tenant. Please wait briefly and retry."
    return GraphError(status, "Directory_ConcurrencyViolation", text)


def key_not_updatable(key_id: str) -> GraphError:
    """LEDGER: E-33, a PATCH that changes a credential which it retains."""
    values = [{"item": "PropertyName", "value": "keyCredentials"}]
    values.append({"item": "PropertyErrorCode", "value": "KeyNotUpdatable"})
    return bad_request(f"Update to existing credential with KeyId '{key_id}' is not allowed.", values=values)


def passwords_need_actions() -> GraphError:
    """LEDGER: E-34, a PATCH of passwordCredentials."""
    return bad_request("New password credentials must be generated using service actions.")


def bad_usage() -> GraphError:
    """LEDGER: E-35, a type and a usage that do not belong together."""
    return bad_request(
        'The value for the property "usage" in one of your credentials is invalid. Acceptable values are Sign, Verify.'
    )


def bad_certificate() -> GraphError:
    """LEDGER: E-32, a new credential whose key is not a certificate."""
    return bad_request("Invalid credential value. Error: Cannot find the requested object.\r\n")


def signing_password() -> GraphError:
    """LEDGER: E-43, removePassword for the password that belongs to a signing certificate."""
    return GraphError(500, "Service_InternalServerError", "Encountered an internal server error.")


def no_segment(segment: str) -> GraphError:
    """LEDGER: E-45, a path that this simulator does not have."""
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


def no_audit_permission(role: str) -> GraphError:
    """LEDGER: E-49, a caller that may not read the audit log."""
    text = f"Calling principal does not have required MSGraph permissions {role}"
    return GraphError(403, "Authentication_MSGraphPermissionMissing", text)


def wrong_method() -> GraphError:
    """LEDGER: E-45, a method that the path does not have."""
    return GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")


def bad_batch(message: str) -> GraphError:
    """LEDGER: E-41, a batch that is refused as a whole."""
    return GraphError(400, "BadRequest", message)


def throttled() -> GraphError:
    """LEDGER: E-46, more than the documented quota."""
    return GraphError(429, "TooManyRequests", "Too many requests.")


def keys_throttled(seconds: int) -> GraphError:
    """LEDGER: E-66, more than 150 reads a minute that select keyCredentials; no header tells which limit it was."""
    text = f"Your request is throttled temporarily. Please try after {seconds} seconds."
    return GraphError(429, "Request_ThrottledTemporarily", text)


def overloaded() -> GraphError:
    """LEDGER: E-56, a 429 for the load of the service, which is no quota's."""
    refusal = throttled()
    refusal.headers["x-ms-throttle-information"] = "CPULimitExceeded"
    return refusal


def injected(status: int, code: str = "") -> GraphError:
    """The words that go with a status which a fault asks for, or with the code that it names."""
    if code:
        return GraphError(status, code, "This is what the rule asked for.")
    known = {
        400: concurrent(400),
        401: invalid_token("Lifetime validation failed, the token is expired."),
        403: denied(),
        404: not_found("of-the-request"),
        409: concurrent(),
        410: GraphError(410, "Gone", "The resource is no longer there."),
        429: overloaded(),
    }
    return known.get(status, GraphError(status, "ServiceUnavailable", "The service is temporarily unavailable."))


_LOGIN_TEXTS = {
    50049: ("invalid_request", "Unknown or invalid instance."),
    50196: ("invalid_grant", "The server terminated an operation because it encountered a client request loop."),
    53003: ("invalid_grant", "Access has been blocked by Conditional Access policies."),
    90020: ("invalid_request", "The SAML 1.1 Assertion is missing ImmutableID of the user."),
    90024: ("temporarily_unavailable", "A transient error has occurred. Please try again."),
    90033: ("temporarily_unavailable", "A transient error has occurred. Please try again."),
    500011: ("invalid_resource", "The resource principal was not found in the tenant."),
    530003: ("invalid_grant", "Your device is required to be managed to access this resource."),
    650052: ("invalid_client", "The app needs access to a service that your organization has not enabled."),
    7000112: ("unauthorized_client", "Application is disabled."),
    7000214: ("invalid_client", "Certificate has been revoked."),
}


def injected_login(number: int, status: int) -> LoginError:
    """LEDGER: E-60, a refusal of sign-in that no world has: conditional access, a disabled application, a bad hour."""
    error, text = _LOGIN_TEXTS.get(number, ("invalid_request", "This is what the rule asked for."))
    return LoginError(number, text, error=error, status=status)
