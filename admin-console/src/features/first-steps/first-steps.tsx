import { Page, Panel } from '@chappe/kit'
import { Button, Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { domainsQuery } from '../domains/data'
import { organisationsQuery } from '../organisations/data'
import classes from './first-steps.module.css'
import { firstStepsRoute } from './routes'
import { DnsStep, DomainStep, OrganisationStep, PasswordStep, TestStep, UsersStep, type StepProps } from './steps'
import { useTexts } from './texts'

const steps = ['password', 'organisation', 'domain', 'dns', 'users', 'test'] as const
type Step = (typeof steps)[number]
const show: Record<Step, (p: StepProps) => ReactNode> = { password: PasswordStep, organisation: OrganisationStep, domain: DomainStep, dns: DnsStep, users: UsersStep, test: TestStep }

/** The walk through a new installation. Where one is, and with what, stands in the address. */
export function FirstSteps() {
  const say = useTexts()
  const search = firstStepsRoute.useSearch()
  const navigate = useNavigate({ from: '/first-steps' })
  const organisations = useQuery(organisationsQuery).data
  const organisation = search.organisation ?? organisations?.[0]?.name
  const domains = useQuery({ ...domainsQuery(organisation), enabled: organisation !== undefined }).data
  const domain = search.domain ?? domains?.at(-1)?.name
  const step = steps.find((s) => s === search.step) ?? 'password'
  const at = steps.indexOf(step)
  const go = (to: Step | undefined, found: { organisation?: string; domain?: string } = {}) => {
    if (to) void navigate({ search: { ...search, ...found, step: to } })
    else void navigate({ to: '/' })
  }
  const Now = show[step]
  return (
    <Page title={say('title')} lead={say('lead')}>
      <ol className={classes.steps}>
        {steps.map((s, i) => (
          <li key={s} data-past={i < at || undefined}>
            <Link to="/first-steps" search={{ ...search, step: s }} aria-current={s === step ? 'step' : undefined} data-now={s === step || undefined}>
              <span className={classes.number} aria-hidden>
                {i < at ? '✓' : i + 1}
              </span>
              {say(`step.${s}`)}
            </Link>
          </li>
        ))}
      </ol>
      <Panel title={say(`step.${step}`)}>
        <Now key={step} organisation={organisation} domain={domain} onDone={(found) => go(steps[at + 1], found)} />
        <Group justify="space-between" mt="lg">
          <Button variant="subtle" color="gray" disabled={at === 0} onClick={() => go(steps[at - 1])}>
            {say('back')}
          </Button>
          <Button variant="default" onClick={() => go(steps[at + 1])}>
            {at === steps.length - 1 ? say('finish') : say('next')}
          </Button>
        </Group>
      </Panel>
    </Page>
  )
}
