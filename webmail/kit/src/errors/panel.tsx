import { Alert, Button, List, Stack, Text } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { Problem } from '../http/problem'
import { useKitTexts } from '../language/texts'
import { errorWords } from './words'

/** An error in its place, with what can be done about it; or that a change waits for a second person. */
export function ErrorPanel({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const say = useKitTexts()
  const dependents = error instanceof Problem ? error.dependents : []
  const waits = error instanceof Problem && error.isWaiting
  return (
    <Alert color={waits ? 'blue' : 'red'} title={say(waits ? 'waiting.title' : 'error.title')} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{errorWords(error, say)}</Text>
        {dependents.length > 0 && (
          <>
            <Text size="sm">{say('error.dependents')}</Text>
            <List size="sm">
              {dependents.slice(0, 20).map((d) => (
                <List.Item key={d}>
                  <bdi>{d}</bdi>
                </List.Item>
              ))}
            </List>
          </>
        )}
        {retry && (
          <Button size="xs" variant="default" onClick={retry}>
            {say('retry')}
          </Button>
        )}
      </Stack>
    </Alert>
  )
}

function Fault() {
  const say = useKitTexts()
  return (
    <Alert color="red" title={say('error.title')} role="alert" m="md">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{say('error.page')}</Text>
        <Button size="xs" variant="default" onClick={() => location.reload()}>
          {say('reload')}
        </Button>
      </Stack>
    </Alert>
  )
}

/** Keeps a fault of one page from blanking the rest. A new `place` gives it another chance. */
export class Boundary extends Component<{ place: string; children: ReactNode }, { broken: string | null }> {
  override state: { broken: string | null } = { broken: null }
  static getDerivedStateFromError() {
    return { broken: '' }
  }
  override componentDidCatch() {
    this.setState({ broken: this.props.place })
  }
  override render() {
    const { broken } = this.state
    return broken !== null && (broken === '' || broken === this.props.place) ? <Fault /> : this.props.children
  }
}
