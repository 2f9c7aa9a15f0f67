import { ActionIcon, Box, Center, CopyButton, Group, Loader, Skeleton, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { ErrorPanel } from '../errors/panel'
import { useIsReachable } from '../http/connection'
import { IconCheck, IconCopy } from '../icons'
import { useKitTexts } from '../language/texts'
import classes from './small.module.css'

/** Text that people outside chose: it keeps its own direction and cannot turn what stands around it. */
export function Foreign({ children, title }: { children: string | null | undefined; title?: string }) {
  return <bdi title={title}>{children ?? ''}</bdi>
}

export type Health = 'good' | 'warn' | 'bad' | 'none'

/** A dot with its word: never colour alone. */
export function Status({ health, children }: { health: Health; children: ReactNode }) {
  return (
    <span className={classes.status}>
      <span className={classes.dot} data-health={health} aria-hidden />
      {children}
    </span>
  )
}

export function Copy({ text, label }: { text: string; label?: string }) {
  const say = useKitTexts()
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={copied ? say('copied') : (label ?? say('copy'))} title={copied ? say('copied') : (label ?? say('copy'))}>
          {copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
        </ActionIcon>
      )}
    </CopyButton>
  )
}

/** Something to copy into a terminal or a form elsewhere. */
export function CopyLine({ text, label, wrap }: { text: string; label?: string; wrap?: boolean }) {
  return (
    <div className={classes.line} role="group" aria-label={label}>
      <code data-wrap={wrap || undefined} tabIndex={0}>
        {text}
      </code>
      <Copy text={text} />
    </div>
  )
}

export function EmptyState({ title, children, action }: { title: ReactNode; children?: ReactNode; action?: ReactNode }) {
  return (
    <Center py="xl" px="md">
      <Stack align="center" gap="xs" maw={460}>
        <Text fw={600} ta="center" component="div" className={classes.emptyTitle}>
          {title}
        </Text>
        {children && (
          <Text size="sm" c="dimmed" ta="center">
            {children}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  )
}

/** A part of a page: title, what can be done, content. */
export function Panel({ title, actions, children, flush }: { title?: ReactNode; actions?: ReactNode; children: ReactNode; flush?: boolean }) {
  return (
    <section className={classes.panel}>
      {(title || actions) && (
        <div className={classes.panelHead}>
          <Title order={2} size="h5">
            {title}
          </Title>
          <Group gap="xs">{actions}</Group>
        </div>
      )}
      <div className={flush ? undefined : classes.panelBody}>{children}</div>
    </section>
  )
}

/** Label and value pairs. */
export function Facts({ rows }: { rows: [label: string, value: ReactNode][] }) {
  return (
    <dl className={classes.facts}>
      {rows.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** A whole page: where it stands, its title and its actions. */
export function Page({ title, trail, lead, actions, children, fill }: { title: ReactNode; trail?: ReactNode; lead?: ReactNode; actions?: ReactNode; children: ReactNode; fill?: boolean }) {
  return (
    <div className={classes.page} data-fill={fill || undefined}>
      <header className={classes.head}>
        <div className={classes.headText}>
          {trail && <div className={classes.trail}>{trail}</div>}
          <Title order={1} size="h3">
            {title}
          </Title>
          {lead && (
            <Text size="sm" c="dimmed" component="div">
              {lead}
            </Text>
          )}
        </div>
        {actions && <div className={classes.headActions}>{actions}</div>}
      </header>
      {children}
    </div>
  )
}

interface Answer<T> {
  data: T | undefined
  error: unknown
  isPending: boolean
  refetch: () => unknown
}
/** What a question to the server looks like until it is answered, and when it was refused. */
export function Answered<T>({ of, children, lines = 4 }: { of: Answer<T>; children: (data: T) => ReactNode; lines?: number }) {
  const say = useKitTexts()
  if (of.data !== undefined) return <>{children(of.data)}</>
  if (of.error) return <ErrorPanel error={of.error} retry={() => void of.refetch()} />
  return (
    <Stack gap="sm" py="xs" role="status" aria-label={say('loading')}>
      {Array.from({ length: lines }, (_, i) => (
        <Skeleton key={i} height={18} w={`${90 - ((i * 17) % 40)}%`} />
      ))}
    </Stack>
  )
}

export function ConnectionBanner() {
  const say = useKitTexts()
  if (useIsReachable()) return null
  return (
    <Box className={classes.banner} role="alert">
      <Loader size="xs" color="currentColor" />
      {say('connectionLost')}
    </Box>
  )
}
