import { Button, Stack } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { IconKey } from '../icons'
import type { Door } from './door'
import { useLoginTexts } from './login-texts'

const PAUSE_MS = 400

/** What has stood still for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}

/** The page to come back to; the server takes plain paths only. */
function here(): string {
  return /^\/(?!\/)[\w/.~-]*$/.test(location.pathname) ? location.pathname : '/'
}

/** What else opens an account: the ticket of the company's domain, and who vouches for people of the domain that was typed. */
export function Providers<S>({ door, login, busy, onTicket }: { door: Door<S>; login: string; busy: boolean; onTicket: () => void }) {
  const say = useLoginTexts()
  const settled = useSettled(login)
  const domain = /@([^@\s]+\.[^@\s]+)$/.exec(settled)?.[1]
  const found = useQuery({
    queryKey: ['login-ways', domain ?? ''],
    queryFn: ({ signal }) => door.ways(domain ? `@${domain}` : '', signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  })
  if (!found.data) return null
  return (
    <Stack gap="xs" mt="sm">
      {found.data.ticket && (
        <Button variant="default" fullWidth loading={busy} leftSection={<IconKey size={17} />} onClick={onTicket}>
          {say('byTicket')}
        </Button>
      )}
      {found.data.providers.map((provider) => (
        <Button key={provider.id} component="a" variant="default" fullWidth href={door.wayTo(provider.id, here(), settled)}>
          {say('by', { name: provider.name })}
        </Button>
      ))}
    </Stack>
  )
}

const words = ['factor', 'refused', 'denied', 'expired', 'later'] as const
export type ReturnWord = (typeof words)[number]

/** What the server says to a browser that comes back from a provider; taken out of the address. */
export function takeReturnWord(): ReturnWord | null {
  const where = new URL(location.href)
  const said = words.find((word) => word === where.searchParams.get('login')) ?? null
  if (said) {
    where.searchParams.delete('login')
    history.replaceState(history.state, '', where)
  }
  return said
}
