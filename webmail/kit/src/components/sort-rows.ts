import { currentLanguage } from '../language/language'
import type { Column } from './table'

type Value = string | number | null | undefined

function compare(collator: Intl.Collator, a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'number' || typeof b === 'number') return typeof a === 'number' ? (b === '' || b === null || b === undefined ? 1 : -1) : -compare(collator, b, a)
  return collator.compare(a ?? '', b ?? '')
}

/** By what a column shows: `name`, or `-name` the other way round; rows that are equal there keep their order. Without a column of that name, as they are. */
export function sortRows<Row>(rows: Row[], columns: Column<Row>[], sort: string | undefined): Row[] {
  const falls = sort?.startsWith('-') ?? false
  const value = columns.find((c) => c.id === (falls ? sort?.slice(1) : sort))?.value
  if (!value) return rows
  const collator = new Intl.Collator(currentLanguage(), { numeric: true, sensitivity: 'base' })
  return [...rows].sort((a, b) => (falls ? -1 : 1) * compare(collator, value(a), value(b)))
}
