// Results that the sandbox does not give at will: a job that failed, with words from outside that try to be more than
// words, and one whose video went further.

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

export const posted = {
  content: [{ type: "text", text: "Done." }],
  structuredContent: {
    job_id: "job_0199c0de0199c0de0199c0de0199c0df",
    kind: "video",
    state: "done",
    service: "nemo",
    message: "Done.",
    files: [
      { path: "/videos/kite.mp4", uri: "file:///videos/kite.mp4", mime: "video/mp4", bytes: 48_000_000, width: 1080, height: 1920, duration_s: 21.5 },
    ],
    cost: { usd: "2.40", usd_is_assumed: true },
    stored: { bucket: "clips", key: "2026/kite.mp4", url: "https://clips.example.test/2026/kite.mp4?signature=x" },
    posts: [
      { job_id: "job_1", channel: "youtube: my channel", scheduler: "postiz", state: "done", when: "draft", url: "https://videos.example.test/1" },
      { job_id: "job_2", channel: MARKUP, scheduler: "postiz", state: "failed", when: "now", error: "the channel is gone" },
    ],
    next: "Show it.",
  },
};
