import { Facts, Foreign, Panel } from '@chappe/kit'
import { Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { PersonField, UserDetails } from './data'
import { useOneTexts } from './texts-one'

type Field = 'name' | 'addresses' | 'state' | 'password' | 'target' | 'enabled' | PersonField

export interface Owned {
  source?: string | null | undefined
  source_fields?: string[] | null | undefined
}

/** Whether the company directory owns the field: then it is changed there, and what is typed here would be overwritten. */
export function isOwned(of: Owned, field: Field): boolean {
  return of.source_fields?.includes(field) ?? false
}

/** Why a field cannot be changed here; undefined: it can. */
export function useReason(): (of: Owned, field: Field) => string | undefined {
  const say = useOneTexts()
  return (of, field) => (isOwned(of, field) ? say('comesFrom', { source: of.source ?? '' }) : undefined)
}

/** Field by field who owns it, and where it is changed. */
export function OwnedPanel({ user }: { user: UserDetails }) {
  const say = useOneTexts()
  if (!user.source) return null
  const source = (
    <Link to="/directories/source" search={{ organisation: user.organisation ?? '', source: user.source }}>
      <Foreign>{user.source}</Foreign>
    </Link>
  )
  const of = (field: Field) => (isOwned(user, field) ? source : say('owner.chappe'))
  return (
    <Panel title={say('whose')}>
      <Text size="sm" c="dimmed" mb="xs">
        {say('whoseLead')}
      </Text>
      <Facts
        rows={[
          [say('owner.name'), of('name')],
          [say('owner.addresses'), of('addresses')],
          [say('owner.state'), of('state')],
          [say('owner.person'), of('given_name')],
          [say('owner.password'), of('password')],
          [say('owner.rest'), say('owner.chappe')],
          [say('owner.entry'), <Foreign>{user.source_entry}</Foreign>],
        ]}
      />
    </Panel>
  )
}
