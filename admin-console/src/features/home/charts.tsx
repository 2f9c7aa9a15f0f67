import { Answered, Panel, useFormat } from '@chappe/kit'
import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { Command, commandLine } from '../../app/command'
import classes from './charts.module.css'
import { statisticsQuery, type Statistics } from './data'
import { homeRoute } from './routes'
import { useTexts } from './texts'

const WIDTH = 440
const HEIGHT = 136
const LEFT = 36
const DIGIT = 6.6
const RIGHT = 8
const TOP = 8
const BOTTOM = 22
type Look = 'one' | 'two' | 'three' | 'four' | 'five' | 'bad'
interface Series {
  name: string
  look: Look
}

/** A round number not below `value`: 1, 2 or 5 and zeroes. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)))
  return ([1, 2, 5, 10].find((n) => n * power >= value) ?? 10) * power
}

/** Several series over time. Says in words what a mouse or the arrow keys point at. */
function Chart({ of, title, series }: { of: Statistics; title: string; series: Series[] }) {
  const say = useTexts()
  const format = useFormat()
  const svg = useRef<SVGSVGElement>(null)
  const [at, setAt] = useState<number | null>(null)
  const valuesOf = (name: string) => of.series.find((s) => s.name === name)?.values ?? []
  const label = (name: string) => say(`series.${name}` as 'series.received')
  const slots = of.series[0]?.values.length ?? 1
  const most = roundUp(Math.max(4, ...series.flatMap((s) => valuesOf(s.name))))
  const marks = [0, most / 2, most].map((value) => ({ value, words: format.number(value) }))
  const left = Math.max(LEFT, 8 + DIGIT * Math.max(...marks.map((m) => m.words.length)))
  const x = (i: number) => left + ((WIDTH - left - RIGHT) * i) / Math.max(1, slots - 1)
  const y = (v: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - v / most)
  const timeOf = (slot: number) => new Date(new Date(of.from).getTime() + slot * of.step * 1000).toISOString()
  const path = (name: string) => valuesOf(name).map((v, i) => `${i ? 'L' : 'M'}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join('')
  const sums = series.map((s) => `${label(s.name)}: ${format.number(s.name === 'queue' ? Math.max(0, ...valuesOf(s.name)) : valuesOf(s.name).reduce((a, b) => a + b, 0))}`)
  const move = (to: number) => setAt(Math.max(0, Math.min(slots - 1, to)))
  const point = (clientX: number) => {
    const box = svg.current?.getBoundingClientRect()
    if (box) move(Math.round((((clientX - box.left) / box.width) * WIDTH - left) / ((WIDTH - left - RIGHT) / Math.max(1, slots - 1))))
  }
  const short = of.step * slots <= 2 * 86400
  const tick = (slot: number) => (short ? format.dateTime(timeOf(slot)).split(/,? (?=\d\d:)/).pop() : format.date(timeOf(slot)).replace(/ \d{4}$/, ''))
  return (
    <figure className={classes.figure}>
      <figcaption className={classes.caption}>
        <strong>{title}</strong>
        {series.map((s) => (
          <span key={s.name} className={classes.key}>
            <svg width={18} height={4} aria-hidden>
              <line x1={0} x2={18} y1={2} y2={2} strokeWidth={3} className={classes[s.look]} />
            </svg>
            {label(s.name)}
          </span>
        ))}
      </figcaption>
      <svg
        ref={svg}
        className={classes.plot}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${title}. ${sums.join(', ')}`}
        tabIndex={0}
        onPointerMove={(e) => point(e.clientX)}
        onPointerLeave={() => setAt(null)}
        onKeyDown={(e) => {
          if (e.key !== 'ArrowLeft' && e.key !== 'ArrowRight') return
          e.preventDefault()
          move((at ?? slots - 1) + (e.key === 'ArrowRight' ? 1 : -1))
        }}
        onBlur={() => setAt(null)}
      >
        {marks.map(({ value, words }) => (
          <g key={value}>
            <line className={classes.grid} x1={left} x2={WIDTH - RIGHT} y1={y(value)} y2={y(value)} />
            <text className={classes.axis} x={left - 6} y={y(value) + 4} textAnchor="end">
              {words}
            </text>
          </g>
        ))}
        {[0, 1 / 3, 2 / 3, 1].map((part, i) => (
          <text key={part} className={classes.axis} x={x(part * (slots - 1))} y={HEIGHT - 5} textAnchor={i === 0 ? 'start' : i === 3 ? 'end' : 'middle'}>
            {tick(Math.round(part * (slots - 1)))}
          </text>
        ))}
        {series[0] && <path className={`${classes.area} ${classes[series[0].look]}`} d={`${path(series[0].name)}L${x(slots - 1)} ${y(0)}L${x(0)} ${y(0)}Z`} />}
        {series.map((s) => (
          <path key={s.name} className={`${classes.line} ${classes[s.look]}`} d={path(s.name)} vectorEffect="non-scaling-stroke" />
        ))}
        {at !== null && <line className={classes.cursor} x1={x(at)} x2={x(at)} y1={TOP} y2={y(0)} />}
      </svg>
      <div className={classes.told} aria-live="polite">
        {at === null ? sums.join(' · ') : `${format.dateTime(timeOf(at))}: ${series.map((s) => `${label(s.name)} ${format.number(valuesOf(s.name)[at] ?? 0)}`).join(', ')}`}
      </div>
    </figure>
  )
}

const LOOKS: Look[] = ['one', 'two', 'three', 'four', 'five']
const PROTOCOLS = ['imap', 'smtp', 'pop3', 'web', 'other']
const byProtocol = (name: string): Series[] => PROTOCOLS.map((protocol, i) => ({ name: `${name}-${protocol}`, look: LOOKS[i] ?? 'one' }))

const RANGES = ['24', '168', '744'] as const

/** Mail, queue, refusals and logins over time. */
export default function Charts() {
  const say = useTexts()
  const navigate = useNavigate({ from: '/' })
  const { hours = '24' } = homeRoute.useSearch()
  const range = RANGES.find((r) => r === hours) ?? '24'
  const statistics = useQuery(statisticsQuery(Number(range)))
  return (
    <Panel
      title={say('overTime')}
      actions={<SegmentedControl size="xs" aria-label={say('range')} value={range} data={RANGES.map((r) => ({ value: r, label: say(`range.${r}`) }))} onChange={(r) => void navigate({ search: { hours: r }, replace: true })} />}
    >
      <Answered of={statistics} lines={8}>
        {(of) => (
          <div className={classes.charts}>
            <Chart of={of} title={say('chart.flow')} series={[{ name: 'received', look: 'one' }, { name: 'delivered', look: 'two' }, { name: 'sent', look: 'three' }]} />
            <Chart of={of} title={say('chart.queue')} series={[{ name: 'queue', look: 'one' }]} />
            <Chart of={of} title={say('chart.refused')} series={[{ name: 'refused', look: 'bad' }]} />
            <Chart of={of} title={say('chart.logins')} series={[{ name: 'logins', look: 'one' }, { name: 'failed-logins', look: 'bad' }]} />
            <Chart of={of} title={say('chart.loginsBy')} series={byProtocol('logins')} />
            <Chart of={of} title={say('chart.failedBy')} series={byProtocol('failed-logins')} />
          </div>
        )}
      </Answered>
      <Command line={commandLine(['statistics', 'show'], { hours: range })} />
    </Panel>
  )
}
