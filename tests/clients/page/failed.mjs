// A job that failed, with words from outside that try to be more than words.

const MARKUP = `<img src=x onerror="window.broken=1"><b><i>bold</i></b><script>window.broken=1</script>`;

export const failed = {
  isError: true,
  content: [{ type: "text", text: "It failed." }],
  structuredContent: {
    job_id: "job_0199c0de0199c0de0199c0de0199c0de",
    kind: "video",
    state: "failed",
    service: "nemo",
    message: `NemoVideo declined this. It was charged. NemoVideo says: "${MARKUP}"`,
    session_id: "4711",
    cost: { credits: 100, credits_left: 0 },
    timeline: `Timeline (1 track): 1. Video: ${MARKUP} (0-3s)`,
    error: {
      code: "declined",
      message: "NemoVideo took the work and then declined it.",
      money: "spent",
      retry_is_safe: false,
      next: "Say it in other words, and call again.",
      service_said: MARKUP,
    },
    next: "Say it in other words, and call again.",
  },
};
