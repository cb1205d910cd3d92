"""The catalogue queries of inspection: a fixed number, each over all tables at once.

Every query takes one parameter, the list of namespaces, and leaves out what
an extension owns. `search_path` is only `pg_catalog` while they run, so that
every name the server prints is qualified, whoever asks.

Source: PostgreSQL manual, chapter 52 (system catalogues) and section 9.27 (catalogue information functions).
"""

from typing import Final

__all__ = [
    "COLUMNS",
    "CONSTRAINTS",
    "DEPENDENTS",
    "INDEXES",
    "NAMESPACES",
    "OWN_PREFIX",
    "RELATIONS",
    "SEQUENCES",
    "TABLE_FACTS",
    "TYPES",
    "UNMANAGED",
    "columns_query",
    "constraints_query",
    "indexes_query",
    "queries",
    "stages",
]

OWN_PREFIX: Final = "_lbconf_"
"""Tables whose name starts so are lbconf's own and are never part of a state."""


def _own(catalogue: str, oid: str) -> str:
    return (
        "NOT EXISTS (SELECT 1 FROM pg_depend x"
        f" WHERE x.classid = '{catalogue}'::regclass AND x.objid = {oid} AND x.deptype = 'e')"
    )


def _collation(oid: str) -> str:
    return (
        "(SELECT CASE l.collnamespace WHEN 'pg_catalog'::regnamespace THEN '' ELSE quote_ident(ln.nspname) || '.' END"
        " || quote_ident(l.collname) FROM pg_collation l JOIN pg_namespace ln ON ln.oid = l.collnamespace"
        f" WHERE l.oid = {oid})"
    )


RELATION_SCOPE: Final = f"""n.nspname = ANY (%(namespaces)s) AND c.relname NOT LIKE '\\_lbconf\\_%%'
   AND {_own("pg_class", "c.oid")}"""

NAMESPACES: Final = f"""
SELECT n.nspname FROM pg_namespace n
 WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND {_own("pg_namespace", "n.oid")}
 ORDER BY 1"""

RELATIONS: Final = f"""
SELECT c.oid, n.nspname, c.relname, c.relkind::text, c.relispartition,
       obj_description(c.oid, 'pg_class'), c.relpersistence::text, c.reloptions, c.relrowsecurity,
       c.relforcerowsecurity, c.relreplident::text,
       CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
       CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END,
       CASE WHEN c.relhassubclass OR c.relispartition OR c.relkind = 'r'
            THEN (SELECT array_agg(h.inhparent::int8 ORDER BY h.inhseqno)
                    FROM pg_inherits h WHERE h.inhrelid = c.oid) END,
       c.relacl IS NOT NULL,
       CASE WHEN c.relkind IN ('v', 'm') THEN json_build_object(
            'owner', pg_get_userbyid(c.relowner), 'populated', c.relispopulated,
            'grants', (SELECT json_agg(json_build_array(CASE g.grantee WHEN 0 THEN NULL ELSE g.grantee::regrole::text END,
                                                        g.privilege_type, g.is_grantable, b.attname)
                                       ORDER BY g.grantee, g.privilege_type, b.attnum)
                         FROM (SELECT 0 AS attnum, NULL::name AS attname, c.relacl AS acl
                               UNION ALL SELECT p.attnum, p.attname, p.attacl FROM pg_attribute p
                                WHERE p.attrelid = c.oid AND p.attacl IS NOT NULL) AS b,
                              LATERAL aclexplode(b.acl) AS g
                        WHERE g.grantee <> c.relowner)) END
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND {RELATION_SCOPE}"""

COLUMNS: Final = f"""
SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), a.attidentity::text, a.attgenerated::text,
       CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0 THEN
            (SELECT CASE l.collnamespace WHEN 'pg_catalog'::regnamespace THEN '' ELSE quote_ident(ln.nspname) || '.' END
                    || quote_ident(l.collname)
               FROM pg_collation l JOIN pg_namespace ln ON ln.oid = l.collnamespace WHERE l.oid = a.attcollation) END,
       col_description(a.attrelid, a.attnum),
       CASE WHEN bn.nspname <> 'pg_catalog' THEN b.typtype::text END, bn.nspname, b.typname, t.typcategory = 'A',
       CASE WHEN a.attstorage <> t.typstorage OR a.attstattarget >= 0 OR a.attoptions IS NOT NULL{{compressed}}
            THEN json_build_array(CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END,
                                  CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::int END,
                                  a.attoptions{{compression}}) END
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_type b ON b.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END
  JOIN pg_namespace bn ON bn.oid = b.typnamespace
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
   AND {RELATION_SCOPE}
 ORDER BY a.attrelid, a.attnum"""

SEQUENCES: Final = f"""
SELECT n.nspname, c.relname, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
       format_type(s.seqtypid, NULL), o.refobjid, o.refobjsubid, o.deptype::text,
       obj_description(c.oid, 'pg_class'), tn.nspname, tc.relname, ta.attname
  FROM pg_sequence s
  JOIN pg_class c ON c.oid = s.seqrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.refobjsubid > 0
       AND o.refclassid = 'pg_class'::regclass AND o.deptype IN ('a', 'i')
  LEFT JOIN pg_class tc ON tc.oid = o.refobjid
  LEFT JOIN pg_namespace tn ON tn.oid = tc.relnamespace
  LEFT JOIN pg_attribute ta ON ta.attrelid = o.refobjid AND ta.attnum = o.refobjsubid
 WHERE {RELATION_SCOPE}
 ORDER BY 1, 2"""

CONSTRAINTS: Final = f"""
SELECT k.conrelid, k.conname, k.contype::text, k.condeferrable, k.condeferred, k.convalidated,
       fn.nspname, f.relname, k.confupdtype::text, k.confdeltype::text, k.confmatchtype::text,
       (SELECT array_agg(a.attname::text ORDER BY u.place) FROM unnest(k.conkey) WITH ORDINALITY AS u (number, place)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number),
       CASE k.contype WHEN 'f' THEN
       (SELECT array_agg(a.attname::text ORDER BY u.place) FROM unnest(k.confkey) WITH ORDINALITY AS u (number, place)
          JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number) END,
       CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) END,
       pg_get_constraintdef(k.oid),
       k.connoinherit, k.conislocal, {{nulls}},
       CASE WHEN i.indnatts > i.indnkeyatts THEN
       (SELECT array_agg(a.attname::text ORDER BY u.place) FROM unnest(i.indkey) WITH ORDINALITY AS u (number, place)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number
         WHERE u.place > i.indnkeyatts) END,
       {{set_columns}}, {{enforced}}, {{period}}, i.indisreplident, i.indisclustered,
       CASE WHEN k.contype IN ('p', 'u', 'x') THEN (SELECT ic.reloptions FROM pg_class ic WHERE ic.oid = k.conindid) END
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_class f ON f.oid = k.confrelid
  LEFT JOIN pg_namespace fn ON fn.oid = f.relnamespace
  LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')
 WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND NOT c.relispartition AND k.conparentid = 0 AND {RELATION_SCOPE}
 ORDER BY k.conrelid, k.conname"""

INDEXES: Final = f"""
SELECT i.indrelid, ic.relname, am.amname, i.indisunique, i.indisvalid, i.indnkeyatts,
       pg_get_expr(i.indpred, i.indrelid),
       {{nulls}}, obj_description(ic.oid, 'pg_class'), ic.reloptions,
       (SELECT json_agg(json_build_array(
                 a.attname,
                 CASE WHEN u.number = 0 THEN pg_get_indexdef(i.indexrelid, u.place::int, false) END,
                 i.indoption[u.place - 1],
                 CASE WHEN NOT o.opcdefault OR ia.attoptions IS NOT NULL THEN
                      CASE o.opcnamespace WHEN 'pg_catalog'::regnamespace THEN ''
                           ELSE quote_ident(opn.nspname) || '.' END
                      || quote_ident(o.opcname) END,
                 CASE WHEN u.number <> 0 AND l.oid <> a.attcollation THEN
                      CASE l.collnamespace WHEN 'pg_catalog'::regnamespace THEN ''
                           ELSE quote_ident(ln.nspname) || '.' END
                      || quote_ident(l.collname) END,
                 ia.attoptions, CASE WHEN ia.attstattarget >= 0 THEN ia.attstattarget::int END) ORDER BY u.place)
          FROM unnest(i.indkey) WITH ORDINALITY AS u (number, place)
          LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number AND u.number <> 0
          LEFT JOIN pg_attribute ia ON ia.attrelid = i.indexrelid AND ia.attnum = u.place
          LEFT JOIN pg_opclass o ON o.oid = i.indclass[u.place - 1]
          LEFT JOIN pg_namespace opn ON opn.oid = o.opcnamespace
          LEFT JOIN pg_collation l ON l.oid = i.indcollation[u.place - 1]
          LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace),
       i.indisreplident, i.indisclustered
  FROM pg_index i
  JOIN pg_class ic ON ic.oid = i.indexrelid
  JOIN pg_am am ON am.oid = ic.relam
  JOIN pg_class c ON c.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND NOT i.indisprimary
   AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
   AND {RELATION_SCOPE}
 ORDER BY i.indrelid, ic.relname"""

TYPES: Final = f"""
SELECT t.typtype::text, n.nspname, t.typname, obj_description(t.oid, 'pg_type'),
       CASE t.typtype
       WHEN 'e' THEN (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
       WHEN 'd' THEN json_build_array(
            format_type(t.typbasetype, t.typtypmod), CASE WHEN bn.nspname <> 'pg_catalog' THEN b.typtype::text END,
            bn.nspname, b.typname, o.typcategory = 'A',
            t.typnotnull, t.typdefault,
            CASE WHEN t.typcollation <> 0 AND t.typcollation <> b.typcollation THEN {_collation("t.typcollation")} END,
            (SELECT json_agg(json_build_array(k.conname, pg_get_expr(k.conbin, 0), k.convalidated) ORDER BY k.conname)
               FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))
       WHEN 'c' THEN
            (SELECT json_agg(json_build_array(
                      a.attname, format_type(a.atttypid, a.atttypmod),
                      CASE WHEN en.nspname <> 'pg_catalog' THEN ce.typtype::text END, en.nspname, ce.typname,
                      ct.typcategory = 'A',
                      CASE WHEN a.attcollation <> 0 AND a.attcollation <> ct.typcollation
                           THEN {_collation("a.attcollation")} END) ORDER BY a.attnum)
               FROM pg_attribute a
               JOIN pg_type ct ON ct.oid = a.atttypid
               JOIN pg_type ce ON ce.oid = CASE WHEN ct.typcategory = 'A' AND ct.typelem <> 0
                                                THEN ct.typelem ELSE ct.oid END
               JOIN pg_namespace en ON en.oid = ce.typnamespace
              WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
       END
  FROM pg_type t
  JOIN pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_class c ON c.oid = t.typrelid
  LEFT JOIN pg_type o ON o.oid = t.typbasetype
  LEFT JOIN pg_type b ON b.oid = CASE WHEN o.typcategory = 'A' AND o.typelem <> 0 THEN o.typelem ELSE o.oid END
  LEFT JOIN pg_namespace bn ON bn.oid = b.typnamespace
 WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c')
   AND n.nspname = ANY (%(namespaces)s) AND {_own("pg_type", "t.oid")}
 ORDER BY 2, 3"""

TABLE_FACTS: Final = f"""
SELECT g.tgrelid, 'trigger', g.tgname::text, pg_get_triggerdef(g.oid)
       || CASE g.tgenabled WHEN 'O' THEN '' ELSE format('; ALTER TABLE %%I.%%I %%s TRIGGER %%I', n.nspname, c.relname,
               CASE g.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END,
               g.tgname) END
  FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND {RELATION_SCOPE}
UNION ALL
SELECT p.polrelid, 'policy', p.polname::text,
       format('CREATE POLICY %%I ON %%I.%%I AS %%s FOR %%s TO %%s', p.polname, n.nspname, c.relname,
              CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
              CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                            WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
              (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE r::regrole::text END, ', ')
                 FROM unnest(p.polroles) r))
       || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
       || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE {RELATION_SCOPE}
UNION ALL
SELECT r.ev_class, 'rule', r.rulename::text, pg_get_ruledef(r.oid)
  FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE r.rulename <> '_RETURN' AND {RELATION_SCOPE}
UNION ALL
SELECT s.stxrelid, 'statistics', s.stxname::text, pg_get_statisticsobjdef(s.oid)
  FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE {RELATION_SCOPE}
UNION ALL
SELECT i.indrelid, 'index', ic.relname::text, pg_get_indexdef(i.indexrelid)
  FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid
  JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relispartition AND NOT ic.relispartition AND {RELATION_SCOPE}
UNION ALL
SELECT k.conrelid, 'constraint', k.conname::text, pg_get_constraintdef(k.oid)
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relispartition AND k.contype IN ('f', 'c') AND k.conislocal AND k.coninhcount = 0 AND {RELATION_SCOPE}
ORDER BY 1, 2, 3"""

DEPENDENTS: Final = f"""
SELECT DISTINCT x.classid::regclass::text, x.objid, coalesce(r.ev_class, g.tgrelid, p.polrelid, 0)::int8,
       coalesce(r.rulename::text, g.tgname::text, p.polname::text, f.oid::regprocedure::text), v.relkind IN ('v', 'm') AND r.rulename = '_RETURN',
       dn.nspname, coalesce(d.relname, df.proname, dt.typname), a.attname,
       CASE x.refclassid WHEN 'pg_class'::regclass THEN 'table' WHEN 'pg_proc'::regclass
            THEN CASE WHEN {_own("pg_proc", "df.oid")} THEN 'function' ELSE 'extension' END ELSE 'type' END
  FROM pg_depend x
  LEFT JOIN pg_rewrite r ON x.classid = 'pg_rewrite'::regclass AND r.oid = x.objid
  LEFT JOIN pg_trigger g ON x.classid = 'pg_trigger'::regclass AND g.oid = x.objid AND NOT g.tgisinternal
  LEFT JOIN pg_policy p ON x.classid = 'pg_policy'::regclass AND p.oid = x.objid
  LEFT JOIN pg_proc f ON x.classid = 'pg_proc'::regclass AND f.oid = x.objid
  LEFT JOIN pg_class v ON v.oid = r.ev_class
  LEFT JOIN pg_class d ON x.refclassid = 'pg_class'::regclass AND d.oid = x.refobjid
  LEFT JOIN pg_proc df ON x.refclassid = 'pg_proc'::regclass AND df.oid = x.refobjid
  LEFT JOIN pg_type dt ON x.refclassid = 'pg_type'::regclass AND dt.oid = x.refobjid
  JOIN pg_namespace dn ON dn.oid = coalesce(d.relnamespace, df.pronamespace, dt.typnamespace)
  LEFT JOIN pg_attribute a ON a.attrelid = d.oid AND a.attnum = x.refobjsubid AND x.refobjsubid > 0
 WHERE x.classid IN ('pg_rewrite'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass, 'pg_proc'::regclass)
   AND x.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass)
   AND x.deptype IN ('n', 'a') AND x.objid >= 16384 AND x.refobjid >= 16384
   AND (x.classid <> 'pg_rewrite'::regclass OR x.refobjid <> r.ev_class)
   AND (x.classid <> 'pg_trigger'::regclass OR g.oid IS NOT NULL)
   AND (x.classid <> 'pg_proc'::regclass OR x.refobjsubid > 0 OR x.refclassid = 'pg_type'::regclass)
 ORDER BY 1, 3, 4, 6, 7, 8"""

UNMANAGED: Final = f"""
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
       p.oid::regprocedure::text, CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE '' END
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname = ANY (%(namespaces)s) AND {_own("pg_proc", "p.oid")}
   AND NOT EXISTS (SELECT 1 FROM pg_depend i
                    WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')
UNION ALL
SELECT 'extension', e.extname::text, n.nspname
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql'
ORDER BY 1, 2"""

COMPRESSION_SINCE: Final = 140000
NULLS_NOT_DISTINCT_SINCE: Final = 150000
PERIODS_SINCE: Final = 180000


def _nulls(version: int) -> str:
    return "coalesce(i.indnullsnotdistinct, false)" if version >= NULLS_NOT_DISTINCT_SINCE else "false"


def columns_query(version: int) -> str:
    """`COLUMNS` for a server version (as `server_version_num`); older catalogues lack some columns."""
    known = version >= COMPRESSION_SINCE
    return COLUMNS.format(
        compressed=" OR a.attcompression <> ''" if known else "",
        compression=", CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END" if known else ", NULL",
    )


def constraints_query(version: int) -> str:
    """`CONSTRAINTS` for a server version, as above."""
    chosen = (
        "(SELECT array_agg(a.attname::text ORDER BY u.place) FROM unnest(k.confdelsetcols) WITH ORDINALITY"
        " AS u (number, place) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number)"
    )
    return CONSTRAINTS.format(
        nulls=_nulls(version),
        set_columns=f"CASE WHEN k.confdelsetcols IS NOT NULL THEN {chosen} END"
        if version >= NULLS_NOT_DISTINCT_SINCE
        else "NULL",
        enforced="k.conenforced" if version >= PERIODS_SINCE else "true",
        period="k.conperiod" if version >= PERIODS_SINCE else "false",
    )


def indexes_query(version: int) -> str:
    """`INDEXES` for a server version, as above."""
    return INDEXES.format(nulls=_nulls(version))


def queries(version: int) -> tuple[str, ...]:
    """All that inspection asks about chosen namespaces, in the order in which the answers are read."""
    return tuple(sql for stage in stages(version) for sql in stage)


def stages(version: int) -> tuple[tuple[str, ...], ...]:
    """The queries by when they are asked: each stage while the answers to the one before are read.

    What takes long to read comes first, what is over at once last.
    """
    return (
        (RELATIONS, SEQUENCES, columns_query(version)),
        (indexes_query(version),),
        (constraints_query(version),),
        (TABLE_FACTS, DEPENDENTS, UNMANAGED, TYPES),
    )
