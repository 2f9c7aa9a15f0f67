import { isSmtp, type Connector, type DeadLink, type Server } from './data'
import type { Health } from '@chappe/kit'

export type ConnectorState = 'open' | 'scheduled' | 'closed' | 'partly' | 'down' | 'off'
export const stateHealth: Record<ConnectorState, Health> = { open: 'good', scheduled: 'warn', closed: 'warn', partly: 'bad', down: 'bad', off: 'none' }

/** How many hosts a connector may hand mail to; one where it asks the DNS, for it is then down as a whole. */
function hostsOf(c: Connector, servers: Server[]): number {
  if (isSmtp(c)) return c.smarthost ? c.smarthost.split(',').length : 1
  return (c.to_servers ?? []).length || servers.filter((s) => s.routing_group === c.target_group).length || 1
}

/** What settings and the links found dead say of it, together. */
export function stateOf(c: Connector, links: DeadLink[], servers: Server[]): ConnectorState {
  if (!c.enabled) return 'off'
  if (c.schedule === 'never') return 'closed'
  const dead = links.filter((l) => l.connector === c.name).length
  if (dead > 0) return dead >= hostsOf(c, servers) ? 'down' : 'partly'
  return c.schedule === 'always' ? 'open' : 'scheduled'
}
