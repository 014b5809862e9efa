-- The name of the role of orchestrators that do not migrate. Roles belong to the server, so it contains the database;
-- of a name that is too long, a digest takes the place of the end.
CREATE FUNCTION tasker_f.functions_role() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN octet_length(name) <= 63 THEN name ELSE left(name, 46) || '_' || left(md5(name), 16) END
    FROM (SELECT 'tasker_functions_of_' || current_database() AS name) n
$$;

-- Lets that role use this set, if the role exists.
CREATE FUNCTION tasker_f.grant_functions() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = tasker_f.functions_role()) THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %1$I TO %2$I;
                        GRANT SELECT ON ALL TABLES IN SCHEMA %1$I TO %2$I;
                        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %1$I TO %2$I', 'tasker_f', tasker_f.functions_role());
    END IF;
END
$$;
