-- Run once, by the image of PostgreSQL, when the volume is empty. One role owns the database and its tables, which
-- `spentkey database init` makes; the workers' role may only connect until then, and neither has a right anywhere else.
-- The passwords are read from their files, so that no command line and no variable holds them.
SET password_encryption = 'scram-sha-256';
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
\set owner_password `cat /run/secrets/database_owner_password`
\set password `cat /run/secrets/database_password`
SELECT least(length(:'password'), length(:'owner_password')) < 32 AS short \gset
\if :short
    DO $$ BEGIN
        RAISE EXCEPTION 'the file database_password or database_owner_password is missing or shorter than 32 characters';
    END $$;
\endif
CREATE ROLE spentkey_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'owner_password';
CREATE ROLE spentkey LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
CREATE DATABASE spentkey OWNER spentkey_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE spentkey FROM PUBLIC;
GRANT CONNECT ON DATABASE spentkey TO spentkey;
