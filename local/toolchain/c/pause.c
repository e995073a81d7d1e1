/* The parent of every pod: holds the namespaces, reaps orphans, leaves on a signal. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void leave(int number) {
  (void)number;
  _exit(0);
}

static void reap(int number) {
  (void)number;
  while (waitpid(-1, NULL, WNOHANG) > 0) {
  }
}

int main(void) {
  struct sigaction on_leave = {.sa_handler = leave};
  struct sigaction on_child = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP};
  if (sigaction(SIGINT, &on_leave, NULL) || sigaction(SIGTERM, &on_leave, NULL) ||
      sigaction(SIGCHLD, &on_child, NULL)) {
    return EXIT_FAILURE;
  }
  for (;;) {
    pause();
  }
}
