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
    "ENUMERATIONS",
    "INDEXES",
    "NAMESPACES",
    "OWN_PREFIX",
    "RELATIONS",
    "SEQUENCES",
    "TABLE_FACTS",
    "UNMANAGED",
    "VIEW_DEPENDENCIES",
    "constraints_query",
    "indexes_query",
    "queries",
]

OWN_PREFIX: Final = "_lbconf_"
"""Tables whose name starts so are lbconf's own and are never part of a state."""


def _own(catalogue: str, oid: str) -> str:
    return (
        "NOT EXISTS (SELECT 1 FROM pg_depend x"
        f" WHERE x.classid = '{catalogue}'::regclass AND x.objid = {oid} AND x.deptype = 'e')"
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
                    FROM pg_inherits h WHERE h.inhrelid = c.oid) END
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND {RELATION_SCOPE}"""

COLUMNS: Final = f"""
SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), a.attidentity::text, a.attgenerated::text,
       CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0 THEN
            (SELECT CASE l.collnamespace WHEN 'pg_catalog'::regnamespace THEN '' ELSE quote_ident(ln.nspname) || '.' END
                    || quote_ident(l.collname)
               FROM pg_collation l JOIN pg_namespace ln ON ln.oid = l.collnamespace WHERE l.oid = a.attcollation) END,
       col_description(a.attrelid, a.attnum),
       CASE WHEN bn.nspname <> 'pg_catalog' THEN b.typtype::text END, bn.nspname, b.typname, t.typcategory = 'A',
       a.attnum, a.attislocal
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
       format_type(s.seqtypid, NULL), o.refobjid, o.refobjsubid, o.deptype::text
  FROM pg_sequence s
  JOIN pg_class c ON c.oid = s.seqrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.refobjsubid > 0
       AND o.refclassid = 'pg_class'::regclass AND o.deptype IN ('a', 'i')
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
       k.connoinherit, k.conislocal, {{nulls}}, i.indnatts > i.indnkeyatts, {{odd}}
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_class f ON f.oid = k.confrelid
  LEFT JOIN pg_namespace fn ON fn.oid = f.relnamespace
  LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u')
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
                 CASE WHEN NOT o.opcdefault THEN
                      CASE o.opcnamespace WHEN 'pg_catalog'::regnamespace THEN ''
                           ELSE quote_ident(opn.nspname) || '.' END
                      || quote_ident(o.opcname) END,
                 CASE WHEN u.number <> 0 AND l.oid <> a.attcollation THEN
                      CASE l.collnamespace WHEN 'pg_catalog'::regnamespace THEN ''
                           ELSE quote_ident(ln.nspname) || '.' END
                      || quote_ident(l.collname) END,
                 ia.attoptions) ORDER BY u.place)
          FROM unnest(i.indkey) WITH ORDINALITY AS u (number, place)
          LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number AND u.number <> 0
          LEFT JOIN pg_attribute ia ON ia.attrelid = i.indexrelid AND ia.attnum = u.place
          LEFT JOIN pg_opclass o ON o.oid = i.indclass[u.place - 1]
          LEFT JOIN pg_namespace opn ON opn.oid = o.opcnamespace
          LEFT JOIN pg_collation l ON l.oid = i.indcollation[u.place - 1]
          LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace),
       pg_get_indexdef(i.indexrelid)
  FROM pg_index i
  JOIN pg_class ic ON ic.oid = i.indexrelid
  JOIN pg_am am ON am.oid = ic.relam
  JOIN pg_class c ON c.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND NOT i.indisprimary
   AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
   AND {RELATION_SCOPE}
 ORDER BY i.indrelid, ic.relname"""

ENUMERATIONS: Final = f"""
SELECT n.nspname, t.typname,
       (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
 WHERE t.typtype = 'e' AND n.nspname = ANY (%(namespaces)s) AND {_own("pg_type", "t.oid")}
 ORDER BY 1, 2"""

TABLE_FACTS: Final = f"""
SELECT g.tgrelid, 'trigger', g.tgname::text, pg_get_triggerdef(g.oid)
  FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND {RELATION_SCOPE}
UNION ALL
SELECT p.polrelid, 'policy', p.polname::text, concat_ws(' ',
       'FOR', p.polcmd::text, CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
       (SELECT string_agg(CASE r WHEN 0 THEN 'public' ELSE r::regrole::text END, ', ') FROM unnest(p.polroles) r),
       'USING', pg_get_expr(p.polqual, p.polrelid), 'WITH CHECK', pg_get_expr(p.polwithcheck, p.polrelid))
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
ORDER BY 1, 2, 3"""

VIEW_DEPENDENCIES: Final = f"""
SELECT DISTINCT r.ev_class, dn.nspname, d.relname
  FROM pg_rewrite r
  JOIN pg_class c ON c.oid = r.ev_class AND c.relkind IN ('v', 'm')
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_depend x ON x.classid = 'pg_rewrite'::regclass AND x.objid = r.oid AND x.refclassid = 'pg_class'::regclass
  JOIN pg_class d ON d.oid = x.refobjid AND d.oid <> c.oid
  JOIN pg_namespace dn ON dn.oid = d.relnamespace
 WHERE {RELATION_SCOPE}
 ORDER BY 1, 2, 3"""

UNMANAGED: Final = f"""
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
       p.oid::regprocedure::text, CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE '' END
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname = ANY (%(namespaces)s) AND {_own("pg_proc", "p.oid")}
   AND NOT EXISTS (SELECT 1 FROM pg_depend i
                    WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')
UNION ALL
SELECT 'domain', format('%%I.%%I', n.nspname, t.typname),
       format('CREATE DOMAIN %%I.%%I AS %%s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod))
       || CASE WHEN t.typdefault IS NOT NULL THEN ' DEFAULT ' || t.typdefault ELSE '' END
       || coalesce((SELECT string_agg(' CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), ''
                                      ORDER BY k.conname) FROM pg_constraint k WHERE k.contypid = t.oid), '')
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
 WHERE t.typtype = 'd' AND n.nspname = ANY (%(namespaces)s) AND {_own("pg_type", "t.oid")}
UNION ALL
SELECT 'type', format('%%I.%%I', n.nspname, t.typname), ''
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
 WHERE (t.typtype = 'r' OR t.typtype = 'c' AND c.relkind = 'c')
   AND n.nspname = ANY (%(namespaces)s) AND {_own("pg_type", "t.oid")}
UNION ALL
SELECT 'extension', e.extname::text, format('CREATE EXTENSION %%I SCHEMA %%I', e.extname, n.nspname)
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql'
ORDER BY 1, 2"""

NULLS_NOT_DISTINCT_SINCE: Final = 150000
PERIODS_SINCE: Final = 180000


def _nulls(version: int) -> str:
    return "coalesce(i.indnullsnotdistinct, false)" if version >= NULLS_NOT_DISTINCT_SINCE else "false"


def constraints_query(version: int) -> str:
    """`CONSTRAINTS` for a server version (as `server_version_num`); older catalogues lack some columns."""
    odd = []
    if version >= NULLS_NOT_DISTINCT_SINCE:
        odd.append("k.confdelsetcols IS NOT NULL")
    if version >= PERIODS_SINCE:
        odd.extend(("k.conperiod", "NOT k.conenforced"))
    return CONSTRAINTS.format(nulls=_nulls(version), odd=" OR ".join(odd) or "false")


def indexes_query(version: int) -> str:
    """`INDEXES` for a server version (as `server_version_num`)."""
    return INDEXES.format(nulls=_nulls(version))


def queries(version: int) -> tuple[str, ...]:
    """All that inspection asks about chosen namespaces, in the order in which the answers are read."""
    return (
        RELATIONS,
        SEQUENCES,
        COLUMNS,
        constraints_query(version),
        indexes_query(version),
        TABLE_FACTS,
        VIEW_DEPENDENCIES,
        UNMANAGED,
        ENUMERATIONS,
    )
