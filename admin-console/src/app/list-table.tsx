import { DataTable, sortRows, type TableProps } from '@chappe/kit'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'

/** By which column a list is sorted, in the address: `name`, `-name`. */
export function useSort(): { sort: string | undefined; onSort: (sort: string) => void } {
  const { sort } = useSearch({ strict: false }) as { sort?: string | undefined }
  const navigate = useNavigate()
  const onSort = (wanted: string) => void navigate({ to: '.', search: ((before: Record<string, unknown>) => ({ ...before, sort: wanted })) as never, replace: true })
  return { sort, onSort }
}

/** A table whose rows are all here is sorted here, by every column that says its value; one that comes in pages, by the server (`onSort`), or as it comes. */
export function ListTable<Row>(p: TableProps<Row>) {
  const own = useSort()
  const isHere = !p.onSort && !p.hasMore
  const rows = useMemo(() => (isHere ? sortRows(p.rows, p.columns, own.sort) : p.rows), [isHere, p.rows, p.columns, own.sort])
  const columns = useMemo(() => (isHere ? p.columns.map((c) => (c.value ? { ...c, sort: c.id } : c)) : p.columns), [isHere, p.columns])
  if (!isHere) return <DataTable {...p} />
  const { onMove, ...rest } = p
  return <DataTable {...rest} columns={columns} rows={rows} onSort={own.onSort} {...(own.sort !== undefined && { sort: own.sort })} {...(onMove && !own.sort && { onMove })} />
}
