-- Run once, by the image of PostgreSQL, when the volume is empty. The role may do everything in its own database, and
-- nothing anywhere else. The password is read from its file, so that no command line and no variable holds it.
SET password_encryption = 'scram-sha-256';
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
\set password `cat /run/secrets/database_password`
SELECT length(:'password') < 32 AS short \gset
\if :short
    DO $$ BEGIN RAISE EXCEPTION 'the file database_password is missing or shorter than 32 characters'; END $$;
\endif
CREATE ROLE spentkey LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
CREATE DATABASE spentkey OWNER spentkey ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE spentkey FROM PUBLIC;
