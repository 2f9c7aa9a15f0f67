import { Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './login.module.css'
import { useLoginTexts } from './login-texts'
import { Mark } from './mark'

/** The card in the middle of an else empty screen. `over`: the page below it shows through. */
export function LoginFrame({ title, lead, over, children }: { title: string; lead: string; over?: boolean | undefined; children: ReactNode }) {
  const say = useLoginTexts()
  return (
    <div className={classes.screen} data-again={over || undefined}>
      <main className={classes.card}>
        <div className={classes.brand}>
          <Mark size={34} />
          <span>{say('product')}</span>
        </div>
        <Title order={1} size="h3">
          {title}
        </Title>
        <Text size="sm" c="dimmed" mb="md">
          {lead}
        </Text>
        {children}
      </main>
    </div>
  )
}
