"""A network camera that plays a video file: RTSP, RTP over the same connection, RTCP."""
