-- The parts of a schema that do not belong to the current role alone, or that Encke has not made: one row each, by kind.
-- It runs with `search_path` at pg_catalog, so that nothing in the schema itself can answer for the catalog.
WITH me AS (SELECT oid FROM pg_roles WHERE rolname = current_user),
space AS (SELECT oid, nspowner, nspacl FROM pg_namespace WHERE nspname = $1),
relation AS (SELECT c.* FROM pg_class c JOIN space ON c.relnamespace = space.oid),
-- All objects in the schema, by the records of the database itself.
member AS (
    SELECT classid, objid FROM pg_depend JOIN space ON refobjid = space.oid
    WHERE refclassid = 'pg_namespace'::regclass
)
SELECT 'owner', 'schema ' || quote_ident($1), pg_get_userbyid(nspowner)::text
FROM space WHERE nspowner <> (SELECT oid FROM me)
UNION ALL
SELECT 'owner', pg_describe_object('pg_class'::regclass, oid, 0), pg_get_userbyid(relowner)::text
FROM relation WHERE relowner <> (SELECT oid FROM me) AND relkind NOT IN ('i', 'I', 't')
UNION ALL
-- A right with which its holder can have code run by a role that writes here.
SELECT 'right', privilege_type || ' ON SCHEMA ' || quote_ident($1),
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
FROM space, aclexplode(nspacl) WHERE privilege_type = 'CREATE' AND grantee <> (SELECT oid FROM me)
UNION ALL
SELECT 'right', privilege_type || ' ON TABLE ' || oid::regclass,
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
FROM relation, aclexplode(relacl)
WHERE privilege_type IN ('TRIGGER', 'REFERENCES') AND grantee <> (SELECT oid FROM me)
UNION ALL
-- Encke makes tables with their indexes and sequences. Rights for tables of the future are not objects.
SELECT 'stranger', pg_describe_object(classid, objid, 0), ''
FROM member LEFT JOIN pg_class c ON classid = 'pg_class'::regclass AND c.oid = objid
WHERE coalesce(c.relkind NOT IN ('r', 'S'), classid <> 'pg_default_acl'::regclass)
UNION ALL
SELECT 'stranger', pg_describe_object('pg_trigger'::regclass, t.oid, 0), ''
FROM pg_trigger t JOIN relation ON tgrelid = relation.oid WHERE NOT tgisinternal
UNION ALL
SELECT 'stranger', pg_describe_object('pg_rewrite'::regclass, r.oid, 0), ''
FROM pg_rewrite r JOIN relation ON ev_class = relation.oid WHERE relkind = 'r'
UNION ALL
SELECT 'stranger', pg_describe_object('pg_policy'::regclass, p.oid, 0), ''
FROM pg_policy p JOIN relation ON polrelid = relation.oid
UNION ALL
SELECT 'stranger', 'the inheritance of ' || inhrelid::regclass || ' from ' || inhparent::regclass, ''
FROM pg_inherits JOIN relation ON relation.oid IN (inhrelid, inhparent) WHERE relkind = 'r'
LIMIT 1
