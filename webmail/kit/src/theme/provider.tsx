import { createTheme, MantineProvider } from '@mantine/core'
import { QueryClientProvider, type QueryClient } from '@tanstack/react-query'
import { type ReactNode } from 'react'
import { useNoticeCount } from '../errors/notices'
import { onDemand } from '../components/on-demand'

const NoticeBoard = onDemand(() => import('../errors/notice-board'))

// What Mantine would do by a style element written at run time is done by style.css: the policy refuses such elements.
const theme = createTheme({
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  // By name, so that a component is loaded with the first page that uses it.
  components: {
    Modal: { defaultProps: { lockScroll: false, centered: true, overlayProps: { backgroundOpacity: 0.45 } } },
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Drawer: { defaultProps: { lockScroll: false } },
    Table: { defaultProps: { verticalSpacing: 'xs' } },
    Badge: { defaultProps: { variant: 'light', tt: 'none', fw: 500, radius: 'sm' } },
  },
})

function Notices() {
  if (useNoticeCount() === 0) return null
  return <NoticeBoard />
}

/** Theme, notices and the cache of answers; stands around the whole application. */
export function KitProvider({ queries, children }: { queries: QueryClient; children: ReactNode }) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queries}>
        <Notices />
        {children}
      </QueryClientProvider>
    </MantineProvider>
  )
}
