import { Checkbox, Loader } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState, type DragEvent, type KeyboardEvent, type ReactNode } from 'react'
import { IconChevronDown, IconChevronUp } from '../icons'
import { useFormat } from '../language/format'
import { useKitTexts } from '../language/texts'
import { MoveHandle } from './move-handle'
import classes from './table.module.css'

export interface Column<Row> {
  id: string
  title: string
  cell: (row: Row) => ReactNode
  /** Share of the width; 1 where it is not named. A number of pixels with `fixed`. */
  width?: number
  fixed?: boolean
  /** Gives way on a narrow screen: 'm' below 1100 px, 's' below 720 px. */
  yields?: 'm' | 's'
  align?: 'end'
  /** It can be sorted by, under this word. */
  sort?: string
  /** What it shows, for who sorts rows that are all here: numbers by value, texts as people read them. */
  value?: (row: Row) => string | number | null | undefined
}

export interface TableProps<Row> {
  label: string
  columns: Column<Row>[]
  rows: Row[]
  rowKey: (row: Row) => string
  rowName?: (row: Row) => string
  onOpen?: (row: Row) => void
  /** Rows chosen, by key; with onSelect, each row has a box. */
  selected?: ReadonlySet<string>
  onSelect?: (keys: ReadonlySet<string>) => void
  /** Rows may be put into another order: each has a handle for pointer and arrow keys. */
  onMove?: (from: number, to: number) => void
  hasMore?: boolean
  isLoading?: boolean
  onMore?: () => void
  sort?: string
  onSort?: (sort: string) => void
  empty?: ReactNode
  /** Ids of columns that are not shown. */
  hidden?: readonly string[]
  /** Grows with its rows up to this height instead of filling its place. */
  maxHeight?: number
}

const ROW = 44

/** Any number of rows: only those in sight are drawn, further ones are asked for while scrolling. Arrows, Home, End, Enter. */
export function DataTable<Row>(p: TableProps<Row>) {
  const say = useKitTexts()
  const format = useFormat()
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useMemo(() => p.rows.map((original) => ({ id: p.rowKey(original), original })), [p.rows, p.rowKey])
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  const { hasMore, isLoading, onMore } = p
  useEffect(() => {
    if (hasMore && !isLoading && last >= rows.length - 80) onMore?.()
  }, [hasMore, isLoading, onMore, last, rows.length])

  const columns = p.columns.filter((c) => !p.hidden?.includes(c.id))
  const cellProps = (c: Column<Row>) => ({
    className: classes.cell,
    'data-yields': c.yields,
    'data-align': c.align,
    style: c.fixed ? { flex: `0 0 ${c.width ?? 100}px` } : { flex: `${c.width ?? 1} 1 0` },
  })
  const selected = p.selected ?? new Set<string>()
  const chooses = p.onSelect !== undefined
  const toggle = (key: string) => {
    const next = new Set(selected)
    if (!next.delete(key)) next.add(key)
    p.onSelect?.(next)
  }
  const [dragged, setDragged] = useState<number | null>(null)
  const [over, setOver] = useState<number | null>(null)
  const moved = useRef<string | null>(null) // keeps the focus on its handle
  const move = (from: number, to: number) => {
    if (to < 0 || to >= rows.length || to === from) return
    moved.current = rows[from]?.id ?? null
    p.onMove?.(from, to)
  }
  useEffect(() => {
    const index = rows.findIndex((r) => r.id === moved.current)
    moved.current = null
    if (index >= 0) scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"] [draggable]`)?.focus()
  }, [rows])
  /** Where the row in hand is let go. */
  const dropping = (index: number) => ({
    'data-over': dragged !== null && over === index ? (dragged < index ? 'below' : 'above') : undefined,
    onDragOver: (event: DragEvent) => {
      if (dragged === null) return
      event.preventDefault()
      setOver(index)
    },
    onDrop: (event: DragEvent) => {
      event.preventDefault()
      if (dragged !== null) move(dragged, index)
    },
  })
  const all = rows.length > 0 && rows.every((r) => selected.has(r.id))
  const go = (index: number) => {
    const to = Math.max(0, Math.min(rows.length - 1, index))
    virtual.scrollToIndex(to)
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${to}"]`)?.focus())
  }
  const onKey = (event: KeyboardEvent, index: number, row: Row) => {
    if (event.target !== event.currentTarget) return
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / ROW) - 1)
    const steps: Record<string, number> = { ArrowDown: index + 1, ArrowUp: index - 1, PageDown: index + page, PageUp: index - page, Home: 0, End: rows.length - 1 }
    const to = steps[event.key]
    if (to !== undefined) go(to)
    else if (event.key === 'Enter') p.onOpen?.(row)
    else if (event.key === ' ' && chooses) toggle(p.rowKey(row))
    else return
    event.preventDefault()
  }

  return (
    <div className={classes.frame} style={p.maxHeight ? { maxHeight: p.maxHeight } : undefined} data-fill={p.maxHeight === undefined || undefined}>
      <div className={classes.scroll} ref={scroller}>
        <div role="table" aria-label={p.label} aria-rowcount={p.hasMore ? -1 : rows.length + 1}>
          <div role="rowgroup" className={classes.headGroup}>
            <div role="row" className={classes.headRow}>
              {p.onMove && <div role="columnheader" className={classes.box} aria-label={say('order')} />}
              {chooses && (
                <div role="columnheader" className={classes.box}>
                  <Checkbox
                    size="xs"
                    aria-label={say('selectAll')}
                    checked={all}
                    indeterminate={!all && selected.size > 0}
                    onChange={() => p.onSelect?.(all ? new Set() : new Set(rows.map((r) => r.id)))}
                  />
                </div>
              )}
              {columns.map((c) => {
                const down = p.sort === `-${c.sort}`
                const up = p.sort === c.sort && c.sort !== undefined
                return (
                  <div key={c.id} role="columnheader" {...cellProps(c)} aria-sort={up ? 'ascending' : down ? 'descending' : undefined}>
                    {c.sort && p.onSort ? (
                      <button type="button" className={classes.sort} onClick={() => p.onSort?.(up ? `-${c.sort}` : (c.sort ?? ''))}>
                        {c.title}
                        {up && <IconChevronUp size={14} aria-hidden />}
                        {down && <IconChevronDown size={14} aria-hidden />}
                      </button>
                    ) : (
                      c.title
                    )}
                  </div>
                )
              })}
            </div>
          </div>
          <div role="rowgroup" className={classes.body} style={{ height: virtual.getTotalSize() }}>
            {items.map((item) => {
              const row = rows[item.index]
              if (!row) return null
              return (
                <div
                  key={row.id}
                  role="row"
                  aria-rowindex={item.index + 2}
                  aria-selected={chooses ? selected.has(row.id) : undefined}
                  data-index={item.index}
                  data-opens={p.onOpen ? true : undefined}
                  tabIndex={0}
                  className={classes.row}
                  style={{ transform: `translateY(${item.start}px)` }}
                  onKeyDown={(e) => onKey(e, item.index, row.original)}
                  onClick={() => p.onOpen?.(row.original)}
                  {...(p.onMove && dropping(item.index))}
                >
                  {p.onMove && (
                    <div role="cell" className={classes.box}>
                      <MoveHandle
                        label={say('moveRow', { name: p.rowName?.(row.original) ?? row.id })}
                        onStep={(step) => move(item.index, item.index + step)}
                        onDrag={(begins) => {
                          setDragged(begins ? item.index : null)
                          setOver(null)
                        }}
                      />
                    </div>
                  )}
                  {chooses && (
                    <div role="cell" className={classes.box} onClick={(e) => e.stopPropagation()}>
                      <Checkbox size="xs" aria-label={say('selectRow', { name: p.rowName?.(row.original) ?? row.id })} checked={selected.has(row.id)} onChange={() => toggle(row.id)} />
                    </div>
                  )}
                  {columns.map((c) => (
                    <div key={c.id} role="cell" {...cellProps(c)}>
                      {c.cell(row.original)}
                    </div>
                  ))}
                </div>
              )
            })}
          </div>
        </div>
        {rows.length === 0 && !p.isLoading && (p.empty ?? <div className={classes.empty}>{say('noRows')}</div>)}
      </div>
      <div className={classes.foot} role="status">
        {p.isLoading && <Loader size={12} />}
        {p.isLoading && rows.length === 0
          ? say('loading')
          : p.hasMore
            ? say('rowsMore', { count: format.number(rows.length) })
            : say('rows', { count: rows.length })}
      </div>
    </div>
  )
}
