import { useMediaQuery } from '@mantine/hooks'
import { Link } from '@tanstack/react-router'
import { useMemo, type ReactNode } from 'react'
import { isSmtp, type Connector, type DeadLink, type RoutingGroup, type Server } from './data'
import { DNS, groupId, layOut, outsideId, type Box, type Edge } from './layout'
import classes from './routing.module.css'
import { stateOf, type ConnectorState } from './state'
import { useTexts } from './texts'

const LINE = 17
const HEAD_HEIGHT = 34
const SERVERS_SHOWN = 3
const STATES: ConnectorState[] = ['open', 'scheduled', 'closed', 'partly', 'down', 'off']

/** What of the picture a mail would use. */
export interface Used {
  connectors: ReadonlySet<string>
  isByDns: boolean
}

const cut = (text: string, most: number) => ([...text].length > most ? `${[...text].slice(0, most - 1).join('')}…` : text)

function Node({ box, title, lines, used, outside }: { box: Box; title: string; lines: ReactNode[]; used: boolean; outside?: boolean }) {
  const letters = Math.floor((box.width - 24) / 7.4)
  return (
    <g>
      <title>{title}</title>
      <rect className={classes.node} data-used={used || undefined} data-outside={outside || undefined} x={box.x} y={box.y} width={box.width} height={box.height} rx={outside ? 20 : 10} />
      <text className={classes.strong} x={box.x + 12} y={box.y + 22}>
        {cut(title, letters)}
      </text>
      {lines.map((line, i) => (
        <text key={i} className={classes.dim} x={box.x + 12} y={box.y + 22 + (i + 1) * LINE}>
          {typeof line === 'string' ? cut(line, letters + 2) : line}
        </text>
      ))}
    </g>
  )
}

/** The cost on a line, which leads to the connector's page. */
function Cost({ edge, state }: { edge: Edge; state: ConnectorState }) {
  const say = useTexts()
  const c = edge.connector
  const name = `${c.name}: ${say('cost', { cost: c.cost })}, ${say(`state.${state}`)}`
  const width = 18 + 7 * String(c.cost).length
  return (
    <Link to="/routing/connectors/$name" params={{ name: c.name }} aria-label={name}>
      <title>{name}</title>
      <rect className={classes.cost} x={edge.labelX - width / 2} y={edge.labelY - 10} width={width} height={20} rx={10} />
      <text x={edge.labelX} y={edge.labelY + 4.5} textAnchor="middle" aria-hidden>
        {c.cost}
      </text>
    </Link>
  )
}

function Legend({ states, isUsed }: { states: ReadonlySet<ConnectorState>; isUsed: boolean }) {
  const say = useTexts()
  return (
    <p className={classes.legend}>
      {STATES.filter((s) => states.has(s)).map((s) => (
        <span key={s}>
          <svg viewBox="0 0 30 8" aria-hidden>
            <path className={classes.edge} data-state={s} d="M1 4H29" />
          </svg>
          {say(`state.${s}`)}
        </span>
      ))}
      {isUsed && (
        <span>
          <svg viewBox="0 0 30 8" aria-hidden>
            <path className={classes.edge} data-used d="M1 4H29" />
          </svg>
          {say('legendUsed')}
        </span>
      )}
    </p>
  )
}

/** Routing groups as boxes, connectors as lines with their costs; colour and dashes say how each fares. */
export function Graph({ groups, connectors, servers, links, used }: { groups: RoutingGroup[]; connectors: Connector[]; servers: Server[]; links: DeadLink[]; used: Used }) {
  const say = useTexts()
  const isTall = useMediaQuery('(max-width: 720px)', window.innerWidth <= 720) ?? false
  const linesOf = useMemo(() => {
    const lines = new Map<string, string[]>([[DNS, [say('byDnsLead')]]])
    for (const g of groups) {
      const own = servers.filter((s) => s.routing_group === g.name).map((s) => s.name)
      const shown = own.slice(0, SERVERS_SHOWN)
      lines.set(groupId(g.name), [
        ...(own.length === 0 ? [say('noServers')] : shown),
        ...(own.length > SERVERS_SHOWN ? [say('moreServers', { count: own.length - SERVERS_SHOWN })] : []),
        ...(g.storage_groups > 0 ? [say('stores', { count: g.storage_groups })] : []),
      ])
    }
    for (const c of connectors.filter(isSmtp)) lines.set(outsideId(c.name), [(c.spaces ?? []).join(', '), c.smarthost || say('noSmarthost')])
    return lines
  }, [groups, connectors, servers, say])
  const layout = useMemo(() => layOut(groups, connectors, isTall, (id) => HEAD_HEIGHT + LINE * (linesOf.get(id)?.length ?? 0)), [groups, connectors, isTall, linesOf])
  const states = new Map(connectors.map((c) => [c.name, stateOf(c, links, servers)]))
  const isEntered = (id: string) => connectors.some((c) => used.connectors.has(c.name) && (isSmtp(c) ? outsideId(c.name) : groupId(c.target_group ?? '')) === id)
  const node = (id: string, title: string, outside: boolean, isUsed: boolean) => {
    const box = layout.boxes.get(id)
    return box && <Node key={id} box={box} title={title} lines={linesOf.get(id) ?? []} used={isUsed} outside={outside} />
  }
  return (
    <>
      <Legend states={new Set(states.values())} isUsed={used.connectors.size > 0 || used.isByDns} />
      <div className={classes.scroll} tabIndex={0} role="region" aria-label={say('picture')}>
        <svg className={classes.graph} width={layout.width} height={layout.height} viewBox={`0 0 ${layout.width} ${layout.height}`}>
          <defs>
            <marker id="way-head" viewBox="0 0 10 10" refX="3" refY="5" markerWidth="11" markerHeight="11" markerUnits="userSpaceOnUse" orient="auto">
              <path className={classes.head} d="M0 0L10 5L0 10Z" />
            </marker>
          </defs>
          {groups.map((g) => node(groupId(g.name), g.name, false, isEntered(groupId(g.name))))}
          {connectors.filter(isSmtp).map((c) => node(outsideId(c.name), c.name, true, used.connectors.has(c.name)))}
          {node(DNS, say('byDns'), true, used.isByDns)}
          {layout.edges.map((e) => (
            <path key={e.connector.name} className={classes.edge} data-state={states.get(e.connector.name)} data-used={used.connectors.has(e.connector.name) || undefined} d={e.path} markerEnd="url(#way-head)" />
          ))}
          {layout.edges.map((e) => (
            <Cost key={e.connector.name} edge={e} state={states.get(e.connector.name) ?? 'open'} />
          ))}
        </svg>
      </div>
    </>
  )
}
